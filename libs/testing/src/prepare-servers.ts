import { existsSync } from 'node:fs';
import { installWithApt } from './apt-installation';
import { findExecutable, findRabbitMQ, findRedis } from './binaries';
import { findDocker, IMAGES } from './containers';
import { runCommand } from './run-command';
import { ServersMissing } from './servers';

export interface PrepareOptions {
  /** Reports progress to the user. */
  say: (text: string) => void;
  /** Asks the user; absent without a terminal. */
  ask?: (question: string) => Promise<boolean>;
  /** Whether the user has agreed in advance. */
  assumeYes: boolean;
}

/**
 * Makes sure that startRabbitMQ() and startRedis() find what they need: installed binaries, otherwise a Docker engine with
 * the images, otherwise packages from apt-get, as root on Debian and if the user agrees.
 * @throws ServersMissing with instructions if none of these is possible
 */
export async function prepareServers({ say, ask, assumeYes }: PrepareOptions): Promise<void> {
  const missing = missingServers();
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  const docker = await findDocker();
  if (docker !== undefined) {
    say(`${names.join(' and ')} not installed: using the Docker engine`);
    for (const { image } of missing) await pull(docker, image, say);
    return;
  }
  const packages = missing.map((server) => server.package);
  if (!canUseApt()) throw new ServersMissing(names);
  if (!assumeYes) {
    const question = `${names.join(' and ')} not found. Install ${packages.join(' and ')} with apt-get? This starts no service.`;
    if (ask === undefined || !(await ask(question))) throw new ServersMissing(names);
  }
  say(`installing ${packages.join(' and ')} with apt-get`);
  await installWithApt(packages, say);
  const still = missingServers().map(({ name }) => name);
  if (still.length > 0) throw new ServersMissing(still);
}

function missingServers(): { name: string; package: string; image: string }[] {
  return [
    ...(findRabbitMQ() ? [] : [{ name: 'RabbitMQ', package: 'rabbitmq-server', image: IMAGES.rabbitmq }]),
    ...(findRedis() ? [] : [{ name: 'Redis', package: 'redis-server', image: IMAGES.redis }]),
  ];
}

/** Whether packages can be installed without a password. */
export function canUseApt(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && findExecutable('apt-get') !== undefined;
}

async function pull(docker: string, image: string, say: PrepareOptions['say']): Promise<void> {
  const isHere = await runCommand(docker, ['image', 'inspect', image]).then(
    () => true,
    () => false,
  );
  if (isHere) return;
  say(`downloading the image ${image}`);
  await runCommand(docker, ['pull', '--quiet', image], { timeoutMs: 900_000 });
}
