import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type RabbitMQBinaries } from './binaries';
import { type GuardedProcess, startGuarded } from './guarded-process';
import { firstResponse, freePort } from './ports';
import { killStaleProcesses } from './process-record';
import { beamArguments, rabbitMQEnvironment, type RabbitMQLayout } from './rabbitmq-environment';
import { runCommand } from './run-command';
import { brokerCommands, type CertificateFiles, type RabbitMQ, type ServerOptions } from './server';
import { waitUntil } from './wait-until';

const USER = 'pdaltagent';
const START_TIMEOUT_MS = 120_000;

/** What makes a server a node of a cluster. */
export interface NodeOptions extends ServerOptions {
  /** Of the Erlang node. Default: rabbit@localhost. */
  nodeName?: string;
  /** The same for all nodes of a cluster. Default: random ones. */
  secrets?: Secrets;
  /** Erlang's distribution port. Default: a free one. */
  distributionPort?: number;
  /** Additional configuration of the application `rabbit`: Erlang terms. */
  terms?: readonly string[];
  /** Called when the node's own port mapper is up, before the node starts. */
  portMapperStarted?: (port: number) => Promise<void>;
}

export interface Secrets {
  password: string;
  cookie: string;
}

export function newSecrets(): Secrets {
  return { password: randomBytes(16).toString('hex'), cookie: randomBytes(10).toString('hex').toUpperCase() };
}

/** Runs the installed RabbitMQ as a private server, for any user, independent of the machine's configuration. */
export async function startInstalledRabbitMQ(binaries: RabbitMQBinaries, options: NodeOptions): Promise<RabbitMQ> {
  const folder = path.resolve(options.folder);
  mkdirSync(path.join(folder, 'home'), { recursive: true });
  killStaleProcesses(folder);
  const port = options.port ?? (await freePort());
  const layout: RabbitMQLayout = {
    folder,
    nodeName: options.nodeName ?? 'rabbit@localhost',
    distributionPort: options.distributionPort ?? (await freePort()),
    epmdPort: await freePort(),
  };
  const { password } = secretsIn(folder, options.secrets);
  const tlsPort = options.tls === undefined ? undefined : await freePort();
  const tlsTerms = tlsPort === undefined || options.tls === undefined ? [] : listenerTerms(tlsPort, options.tls);
  const managementPort = options.management === true ? await freePort() : undefined;
  writeConfiguration(folder, port, password, [...tlsTerms, ...(options.terms ?? [])], managementPort);
  const environment = rabbitMQEnvironment(layout);

  let epmd: GuardedProcess | undefined;
  let server: GuardedProcess | undefined;

  const start = async (): Promise<void> => {
    if (epmd === undefined || !epmd.running()) {
      epmd = await startEpmd(binaries, layout, environment);
      await options.portMapperStarted?.(layout.epmdPort);
    }
    const started = startGuarded({
      name: 'rabbitmq-server',
      command: path.join(binaries.folder, 'rabbitmq-server'),
      args: [],
      env: environment,
      folder,
      mark: beamArguments(layout).mark,
    });
    server = started;
    await waitUntil(
      async () => {
        if (!started.running()) return 'ended';
        return (await acceptsAmqp(port)) ? 'up' : false;
      },
      { what: `RabbitMQ to start (its log is in ${folder})`, timeoutMs: START_TIMEOUT_MS, intervalMs: 100 },
    );
    if (!started.running()) throw new Error(`RabbitMQ exited immediately: ${lastLines(folder)}`);
  };
  const stop = async (): Promise<void> => {
    await server?.end(20_000);
    await epmd?.end(2_000);
  };
  const control: RabbitMQ['control'] = (args) =>
    runCommand(path.join(binaries.folder, 'rabbitmqctl'), args, { env: environment });

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `amqp://${USER}:${password}@127.0.0.1:${port}`;
  return {
    url,
    tlsUrl: tlsPort === undefined ? undefined : `amqps://${USER}:${password}@localhost:${tlsPort}`,
    managementUrl: managementPort === undefined ? undefined : `http://127.0.0.1:${managementPort}`,
    port,
    get pid() {
      return server?.pid ?? 0;
    },
    stop,
    async kill() {
      server?.signal('SIGKILL');
      await server?.exited;
    },
    async restart() {
      await server?.end(20_000);
      await start();
    },
    async pause() {
      await server?.pause();
    },
    resume: () => Promise.resolve(server?.resume()),
    control,
    logText: () => Promise.resolve(logOf(folder)),
    ...brokerCommands(url, USER, control, waitUntil),
  };
}

/** Whether a broker on the port answers the AMQP header. */
export async function acceptsAmqp(port: number): Promise<boolean> {
  return (await firstResponse(port, 'AMQP\0\0\x09\x01'))?.startsWith('\x01') ?? false;
}

/** A private Erlang port mapper in the foreground: one that the broker starts would outlive it. */
async function startEpmd(
  binaries: RabbitMQBinaries,
  layout: RabbitMQLayout,
  env: NodeJS.ProcessEnv,
): Promise<GuardedProcess> {
  const link = path.join(layout.folder, 'epmd');
  rmSync(link, { force: true });
  symlinkSync(binaries.epmd, link);
  const args = ['-port', String(layout.epmdPort), '-address', '127.0.0.1'];
  const epmd = startGuarded({ name: 'epmd', command: link, args, env, folder: layout.folder, mark: link });
  // NAMES_REQ: a length, then 'n'.
  await waitUntil(async () => !epmd.running() || (await firstResponse(layout.epmdPort, '\0\x01n')) !== undefined, {
    what: 'the Erlang port mapper to start',
    timeoutMs: 10_000,
  });
  return epmd;
}

/** Those in the folder, which is given these, or random ones, if it has none. */
function secretsIn(folder: string, { password, cookie }: Secrets = newSecrets()): Secrets {
  return {
    // The broker stores its user with its data, so the password must not change as long as the data exists.
    password: storedIn(path.join(folder, 'password'), password, 0o600),
    cookie: storedIn(path.join(folder, 'home', '.erlang.cookie'), cookie, 0o400),
  };
}

function storedIn(file: string, secret: string, mode: number): string {
  if (!existsSync(file)) writeFileSync(file, secret);
  chmodSync(file, mode);
  return readFileSync(file, 'utf8');
}

/** A second listener, with TLS. JSON strings are Erlang strings. */
function listenerTerms(port: number, { certificate, key }: CertificateFiles): string[] {
  const files = `{certfile, ${JSON.stringify(certificate)}}, {keyfile, ${JSON.stringify(key)}}`;
  return [`{ssl_listeners, [{"127.0.0.1", ${port}}]}`, `{ssl_options, [${files}, {verify, verify_none}]}`];
}

/** Erlang terms alone: parsing a rabbitmq.conf costs the broker more than a second of CPU time at each start. */
function writeConfiguration(
  folder: string,
  port: number,
  password: string,
  additional: readonly string[],
  managementPort: number | undefined,
): void {
  const terms = [
    `{tcp_listeners, [{"127.0.0.1", ${port}}]}`,
    `{default_user, <<"${USER}">>}`,
    `{default_pass, <<"${password}">>}`,
    '{log, [{console, [{enabled, false}]}, {file, [{level, warning}]}]}',
    // Allows small disks: tests and the demo store little.
    '{disk_free_limit, "50MB"}',
    '{vm_memory_high_watermark, 0.6}',
    ...additional,
  ];
  const applications = [`{rabbit, [\n  ${terms.join(',\n  ')}\n]}`];
  if (managementPort !== undefined)
    applications.push(`{rabbitmq_management, [{tcp_config, [{ip, "127.0.0.1"}, {port, ${managementPort}}]}]}`);
  writeFileSync(path.join(folder, 'advanced.config'), `[${applications.join(',\n')}].\n`, { mode: 0o600 });
  writeFileSync(
    path.join(folder, 'enabled_plugins'),
    managementPort === undefined ? '[].\n' : '[rabbitmq_management].\n',
  );
}

/** The broker's own log, without the output of its scripts. */
function logOf(folder: string): string {
  const logs = path.join(folder, 'log');
  return readdirSync(logs)
    .filter((name) => name.endsWith('.log'))
    .map((name) => readFileSync(path.join(logs, name), 'utf8'))
    .join('');
}

function lastLines(folder: string): string {
  const text = readFileSync(path.join(folder, 'rabbitmq-server.log'), 'utf8');
  return text.trim().split('\n').slice(-8).join('\n');
}
