import { findRabbitMQ, findRedis } from './binaries';
import { findDocker, startRabbitMQContainer, startRedisContainer } from './containers';
import { startInstalledRabbitMQ } from './rabbitmq';
import { startInstalledRedis } from './redis';
import { type RabbitMQ, type Redis, type RedisOptions, type ServerOptions } from './server';

/** Neither server binaries nor a container engine are there. */
export class ServersMissing extends Error {
  constructor(readonly missing: string[]) {
    super(`${missing.join(' and ')} not found, and no Docker engine answers\n${INSTALL_INSTRUCTIONS}`);
  }
}

export const INSTALL_INSTRUCTIONS = [
  'Any one of these is enough:',
  '  Debian, Ubuntu:  sudo apt-get install --no-install-recommends rabbitmq-server redis-server',
  '  macOS:           brew install rabbitmq redis',
  '  Docker:          start the engine; `docker info` must answer for your user',
  'Nothing has to be running: servers of our own are started on free ports.',
].join('\n');

/**
 * A RabbitMQ of our own: the installed binaries, else a container.
 * @throws ServersMissing when there is neither.
 */
export async function startRabbitMQ(options: ServerOptions): Promise<RabbitMQ> {
  const binaries = findRabbitMQ();
  if (binaries !== undefined) return startInstalledRabbitMQ(binaries, options);
  const docker = await findDocker();
  if (docker === undefined) throw new ServersMissing(['RabbitMQ']);
  return startRabbitMQContainer(docker, options);
}

/**
 * A Redis of our own: the installed binary, else a container.
 * @throws ServersMissing when there is neither.
 */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const binary = findRedis();
  if (binary !== undefined) return startInstalledRedis(binary, options);
  const docker = await findDocker();
  if (docker === undefined) throw new ServersMissing(['Redis']);
  return startRedisContainer(docker, options);
}
