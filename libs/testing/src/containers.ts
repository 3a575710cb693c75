import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { findExecutable } from './binaries';
import { freePort } from './ports';
import { acceptsAmqp } from './rabbitmq';
import { acceptsCommands, REDIS_DATABASES } from './redis';
import { runCommand } from './run-command';
import {
  brokerCommands,
  type RabbitMQ,
  type Redis,
  type RedisOptions,
  type Server,
  type ServerOptions,
} from './server';
import { waitUntil } from './wait-until';

export const IMAGES = { rabbitmq: 'rabbitmq:4-management-alpine', redis: 'redis:8-alpine' } as const;

const USER = 'pdaltagent';
// Removes the container when the pipe to this process closes, however it ended.
const REMOVE_ON_EXIT = 'read -r _; exec "$0" rm --force --volumes "$1"';

/** The docker command, if its engine responds. */
export async function findDocker(): Promise<string | undefined> {
  const docker = findExecutable('docker');
  if (docker === undefined) return undefined;
  return runCommand(docker, ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 }).then(
    () => docker,
    () => undefined,
  );
}

/** RabbitMQ in a container, which is removed with its volumes at stop. */
export async function startRabbitMQContainer(docker: string, options: ServerOptions): Promise<RabbitMQ> {
  const password = randomBytes(16).toString('hex');
  const container = await startContainer(docker, options, {
    image: IMAGES.rabbitmq,
    port: 5672,
    // The broker stores its data under its host name.
    options: ['--hostname', 'rabbitmq'],
    environment: { RABBITMQ_DEFAULT_USER: USER, RABBITMQ_DEFAULT_PASS: password },
    command: [],
    isUp: acceptsAmqp,
  });
  const control: RabbitMQ['control'] = (args) =>
    runCommand(docker, ['exec', '--user', 'rabbitmq', container.name, 'rabbitmqctl', ...args]);
  const url = `amqp://${USER}:${password}@127.0.0.1:${container.server.port}`;
  const logText = () => runCommand(docker, ['logs', container.name]);
  return { ...container.server, url, control, logText, ...brokerCommands(url, USER, control, waitUntil) };
}

/** Redis in a container, which is removed with its volumes at stop. */
export async function startRedisContainer(docker: string, options: RedisOptions): Promise<Redis> {
  const password = options.password ?? randomBytes(16).toString('hex');
  const settings = {
    appendonly: 'yes',
    save: '',
    'maxmemory-policy': 'noeviction',
    databases: String(REDIS_DATABASES),
  };
  const container = await startContainer(docker, options, {
    image: IMAGES.redis,
    port: 6379,
    options: [],
    environment: { REDIS_PASSWORD: password },
    // The shell inserts the password, so that it is not visible in the host's process list.
    command: [
      'sh',
      '-c',
      'exec redis-server --requirepass "$REDIS_PASSWORD" "$@"',
      'redis-server',
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    isUp: (port) => acceptsCommands(port, password),
  });
  return { ...container.server, url: `redis://:${password}@127.0.0.1:${container.server.port}` };
}

interface ContainerSpec {
  image: string;
  /** Port inside the container. */
  port: number;
  options: string[];
  /** Passed through docker's environment, so that secrets are not visible in the process list. */
  environment: Record<string, string>;
  command: string[];
  isUp(port: number): Promise<boolean>;
}

async function startContainer(
  docker: string,
  { folder, port = 0 }: ServerOptions,
  spec: ContainerSpec,
): Promise<{ name: string; server: Omit<Server, 'url'> }> {
  const name = containerName(folder);
  const hostPort = port === 0 ? await freePort() : port;
  const call = (...args: string[]): Promise<string> =>
    runCommand(docker, args, { env: { ...process.env, ...spec.environment }, timeoutMs: 600_000 });
  const remove = (): Promise<unknown> => call('rm', '--force', '--volumes', name).catch(() => undefined);

  await remove();
  const guard = spawn('/bin/sh', ['-c', REMOVE_ON_EXIT, docker, name], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  let pid = 0;
  const waitUntilUp = async (): Promise<void> => {
    await waitUntil(() => spec.isUp(hostPort), { what: `${spec.image} to start`, timeoutMs: 120_000, intervalMs: 200 });
    pid = Number(await call('inspect', '--format', '{{.State.Pid}}', name));
  };
  const variables = Object.keys(spec.environment).flatMap((variable) => ['--env', variable]);
  const publish = ['--publish', `127.0.0.1:${hostPort}:${spec.port}`];
  const stop = async (): Promise<void> => {
    await remove();
    guard.stdin?.end();
  };
  try {
    await call(
      'run',
      '--detach',
      '--name',
      name,
      ...publish,
      ...variables,
      ...spec.options,
      spec.image,
      ...spec.command,
    );
    await waitUntilUp();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    server: {
      port: hostPort,
      get pid() {
        return pid;
      },
      stop,
      async kill() {
        await call('kill', '--signal', 'KILL', name);
        await call('wait', name);
      },
      async restart() {
        await call('restart', '--time', '20', name);
        await waitUntilUp();
      },
      async pause() {
        await call('pause', name);
      },
      async resume() {
        await call('unpause', name);
      },
    },
  };
}

/** Derived from the folder, so that a container left by an earlier run is found. */
function containerName(folder: string): string {
  const full = path.resolve(folder);
  return `pdaltagent-${path.basename(full)}-${createHash('sha256').update(full).digest('hex').slice(0, 10)}`;
}
