/** A server of our own: private, on the loopback interface, gone when it is stopped. */
export interface Server {
  /** With user and password. */
  readonly url: string;
  readonly port: number;
  /** The server process; of a container its main process as the host sees it, or 0 where the host does not (macOS). */
  readonly pid: number;
  /** Ends it in an orderly way. Harmless when it has ended. The data stays until the folder is removed. */
  stop(): Promise<void>;
  /** SIGKILL: what a crash is. */
  kill(): Promise<void>;
  /** Starts it again, on the same port and with the same data; stops it before if it runs. */
  restart(): Promise<void>;
  /** SIGSTOP: connections stay open, nothing is answered. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

export interface RabbitMQ extends Server {
  /** rabbitmqctl with these arguments; resolves with its output. */
  control(args: string[]): Promise<string>;
  /** Adds a virtual host for our user and resolves with its URL. */
  addVirtualHost(name: string): Promise<string>;
  /**
   * Resolves when every queue declared so far would survive a kill: RabbitMQ writes the name of a new quorum queue to disk
   * some time after it has answered the declaration, and a kill in between costs the queue and what it holds.
   */
  settle(): Promise<void>;
  /** Raises or clears an alarm, which blocks every publisher; resolves when the broker reports it. */
  setAlarm(resource: 'memory' | 'disk', on: boolean): Promise<void>;
  /**
   * How long a consumer may hold a message (ms) until the broker closes its channel, and how often it looks (ms), for
   * channels that are opened from now on and until it restarts.
   */
  setConsumerTimeout(timeoutMs: number, lookEveryMs: number): Promise<void>;
  /** The largest message (bytes) that channels take that are opened from now on, until it restarts. */
  setMaxMessageSize(bytes: number): Promise<void>;
  /** The messages of each queue of the default virtual host, those that consumers hold included. Some seconds behind. */
  messages(): Promise<Map<string, number>>;
  /** What it has logged so far. */
  logText(): Promise<string>;
}

export type Redis = Server;

export interface RedisOptions extends ServerOptions {
  /** Default: a random one. */
  password?: string;
}

export interface ServerOptions {
  /** Everything of the server lies in it: data, log, home, cookie, configuration. It may exist already. */
  folder: string;
  /** Default: a free one. */
  port?: number;
}

/** rabbitmqctl's arguments that raise an alarm, or clear it with the limit that startRabbitMQ() configures. */
const ALARM_COMMANDS = {
  memory: (on: boolean) => ['set_vm_memory_high_watermark', on ? '0.000001' : '0.6'],
  disk: (on: boolean) => ['set_disk_free_limit', on ? '1000000GB' : '50MB'],
} as const;

/** The parts of a broker that do not depend on how it is run. */
export function brokerCommands(
  url: string,
  user: string,
  control: RabbitMQ['control'],
  waitUntil: (condition: () => Promise<boolean>, options: { what: string }) => Promise<unknown>,
): Pick<RabbitMQ, 'addVirtualHost' | 'settle' | 'setAlarm' | 'setConsumerTimeout' | 'setMaxMessageSize' | 'messages'> {
  return {
    async addVirtualHost(name) {
      const [host, owner] = [`<<"${name}">>`, `<<"${user}">>`];
      const all = '<<".*">>';
      // One call of rabbitmqctl in place of two: each starts a virtual machine.
      await control([
        'eval',
        `rabbit_vhost:add(${host}, ${owner}), ` +
          `rabbit_auth_backend_internal:set_permissions(${owner}, ${host}, ${all}, ${all}, ${all}, ${owner}).`,
      ]);
      return `${url}/${encodeURIComponent(name)}`;
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
    async messages() {
      const table = await control(['list_queues', '--quiet', '--no-table-headers', 'name', 'messages']);
      const rows = table.split('\n').map((row) => row.trim().split('\t'));
      return new Map(
        rows.flatMap(([name = '', count]) => (count === undefined ? [] : [[name, Number(count)] as const])),
      );
    },
  };
}
