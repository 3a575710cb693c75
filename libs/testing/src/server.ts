/** A private server on the loopback interface. */
export interface Server {
  /** With user and password. */
  readonly url: string;
  /** The same with TLS, for the name localhost; undefined unless it was started with a certificate. */
  readonly tlsUrl?: string | undefined;
  readonly port: number;
  /** The server's process id; for a container, its main process on the host, or 0 if the host cannot see it (macOS). */
  readonly pid: number;
  /** Stops it gracefully; does nothing if it has ended. The data stays until the folder is removed. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Stops it if it is running, and starts it on the same port with the same data. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open, but nothing is answered. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

export interface RabbitMQ extends Server {
  /** Of the management API, if it was asked for. */
  readonly managementUrl?: string | undefined;
  /** Runs rabbitmqctl with these arguments and resolves with its output. */
  control(args: string[]): Promise<string>;
  /** Adds virtual hosts and resolves with their URLs. */
  addVirtualHosts(names: readonly string[]): Promise<string[]>;
  /** Removes virtual hosts with their queues; resolves when they are gone. */
  removeVirtualHosts(names: readonly string[]): Promise<void>;
  /**
   * Resolves once every queue declared so far survives a kill: RabbitMQ writes the name of a new quorum queue to disk some
   * time after it has confirmed the declaration, and a kill before that loses the queue and its messages.
   */
  settle(): Promise<void>;
  /** Raises or clears an alarm, which blocks every publisher; resolves when the broker reports it. */
  setAlarm(resource: 'memory' | 'disk', on: boolean): Promise<void>;
  /**
   * Sets how long a consumer may hold a message (ms) before the broker closes its channel, and how often this is checked (ms).
   * Applies to new channels, until the broker restarts.
   */
  setConsumerTimeout(timeoutMs: number, lookEveryMs: number): Promise<void>;
  /** Sets the maximum message size (bytes) for new channels, until the broker restarts. */
  setMaxMessageSize(bytes: number): Promise<void>;
  /** Suspends the process of a queue, of a quorum queue its Raft leader: nothing is answered for it until it is resumed. */
  stallQueue(name: string, virtualHost?: string): Promise<void>;
  resumeQueue(name: string, virtualHost?: string): Promise<void>;
  /** Messages per queue of the default virtual host, including unacknowledged ones. Up to a few seconds old. */
  messages(): Promise<Map<string, number>>;
  /** The log so far. */
  logText(): Promise<string>;
}

export type Redis = Server;

export interface RedisOptions extends ServerOptions {
  /** Default: a random one. */
  password?: string;
}

export interface ServerOptions {
  /** Folder for everything: data, log, home, cookie, configuration. It may exist already. */
  folder: string;
  /** Default: a free one. */
  port?: number;
  /** Also listens with TLS, on another free port. Needs the installed server. */
  tls?: CertificateFiles;
  /** RabbitMQ's management API, on another free port. Needs the installed server. */
  management?: boolean;
}

/** Files (PEM). */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** rabbitmqctl's arguments that raise an alarm, or clear it with the limit that startRabbitMQ() configures. */
const ALARM_COMMANDS = {
  memory: (on: boolean) => ['set_vm_memory_high_watermark', on ? '0.000001' : '0.6'],
  disk: (on: boolean) => ['set_disk_free_limit', on ? '1000000GB' : '50MB'],
} as const;

/** Commands that do not depend on how the broker is run. */
export function brokerCommands(
  url: string,
  user: string,
  control: RabbitMQ['control'],
  waitUntil: (condition: () => Promise<boolean>, options: { what: string }) => Promise<unknown>,
): Omit<RabbitMQ, keyof Server | 'control' | 'logText'> {
  const owner = `<<"${user}">>`;
  const tellQueue = async (what: 'suspend' | 'resume', name: string, virtualHost = '/'): Promise<void> => {
    const queue = `rabbit_misc:r(<<"${virtualHost}">>, queue, <<"${name}">>)`;
    await control(['eval', `{ok, Q} = rabbit_amqqueue:lookup(${queue}), sys:${what}(amqqueue:get_pid(Q)).`]);
  };
  const listOf = (names: readonly string[]): string => `[${names.map((name) => `<<"${name}">>`).join(', ')}]`;
  return {
    async addVirtualHosts(names) {
      const all = '<<".*">>';
      // One call of rabbitmqctl for all: each starts a virtual machine, which takes longer than the rest.
      await control([
        'eval',
        `[begin rabbit_vhost:add(Host, ${owner}), ` +
          `rabbit_auth_backend_internal:set_permissions(${owner}, Host, ${all}, ${all}, ${all}, ${owner}) end ` +
          `|| Host <- ${listOf(names)}].`,
      ]);
      return names.map((name) => `${url}/${encodeURIComponent(name)}`);
    },
    async removeVirtualHosts(names) {
      await control(['eval', `[rabbit_vhost:delete(Host, ${owner}) || Host <- ${listOf(names)}].`]);
    },
    async settle() {
      await control(['eval', '[dets:sync(Table) || Table <- dets:all()].']);
    },
    async setAlarm(resource, on) {
      await control(ALARM_COMMANDS[resource](on));
      await waitUntil(async () => (await control(['eval', 'rabbit_alarm:get_alarms().'])).includes(resource) === on, {
        what: `the ${resource} alarm to be ${on ? 'raised' : 'cleared'}`,
      });
    },
    async setConsumerTimeout(timeoutMs, lookEveryMs) {
      await control([
        'eval',
        `application:set_env(rabbit, consumer_timeout, ${timeoutMs}), ` +
          `application:set_env(rabbit, channel_tick_interval, ${lookEveryMs}).`,
      ]);
    },
    async setMaxMessageSize(bytes) {
      await control(['eval', `application:set_env(rabbit, max_message_size, ${bytes}).`]);
    },
    stallQueue: (name, virtualHost) => tellQueue('suspend', name, virtualHost),
    resumeQueue: (name, virtualHost) => tellQueue('resume', name, virtualHost),
    async messages() {
      const table = await control(['list_queues', '--quiet', '--no-table-headers', 'name', 'messages']);
      const rows = table.split('\n').map((row) => row.trim().split('\t'));
      return new Map(
        rows.flatMap(([name = '', count]) => (count === undefined ? [] : [[name, Number(count)] as const])),
      );
    },
  };
}
