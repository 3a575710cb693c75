import { findRabbitMQ, findRedis } from './binaries';
import { findDocker, startRabbitMQContainer, startRedisContainer } from './containers';
import { startInstalledRabbitMQ } from './rabbitmq';
import { startInstalledRedis } from './redis';
import { type RabbitMQ, type Redis, type RedisOptions, type ServerOptions } from './server';

/** There are neither server binaries nor a container engine. */
export class ServersMissing extends Error {
  constructor(readonly missing: string[]) {
    super(`${missing.join(' and ')} not found, and no Docker engine responds\n${INSTALL_INSTRUCTIONS}`);
  }
}

export const INSTALL_INSTRUCTIONS = [
  'Any one of these is enough:',
  '  Debian, Ubuntu:  sudo apt-get install --no-install-recommends rabbitmq-server redis-server',
  '  macOS:           brew install rabbitmq redis',
  '  Docker:          start the engine; `docker info` must succeed for your user',
  'They do not have to be running: private servers are started on free ports.',
].join('\n');

const TLS_NEEDS_BINARIES = `A server with TLS, or a RabbitMQ with its management API, needs the installed one, not a container\n${INSTALL_INSTRUCTIONS}`;

/**
 * Starts a private RabbitMQ: the installed one, otherwise in a container.
 * @throws ServersMissing if there is neither
 */
export async function startRabbitMQ(options: ServerOptions): Promise<RabbitMQ> {
  const binaries = findRabbitMQ();
  if (binaries !== undefined) return startInstalledRabbitMQ(binaries, options);
  if (options.tls !== undefined || options.management === true) throw new Error(TLS_NEEDS_BINARIES);
  const docker = await findDocker();
  if (docker === undefined) throw new ServersMissing(['RabbitMQ']);
  return startRabbitMQContainer(docker, options);
}

/**
 * Starts a private Redis: the installed one, otherwise in a container.
 * @throws ServersMissing if there is neither
 */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const binary = findRedis();
  if (binary !== undefined) return startInstalledRedis(binary, options);
  if (options.tls !== undefined) throw new Error(TLS_NEEDS_BINARIES);
  const docker = await findDocker();
  if (docker === undefined) throw new ServersMissing(['Redis']);
  return startRedisContainer(docker, options);
}
