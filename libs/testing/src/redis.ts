import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { searchPath } from './binaries';
import { type GuardedProcess, startGuarded } from './guarded-process';
import { firstResponse, freePort } from './ports';
import { killStaleProcesses } from './process-record';
import { type CertificateFiles, type Redis, type RedisOptions } from './server';
import { waitUntil } from './wait-until';

/** Enough for one per test file. */
export const REDIS_DATABASES = 1024;

/** Runs the installed Redis as a private server: append only, so that a kill loses nothing, and without eviction. */
export async function startInstalledRedis(binary: string, options: RedisOptions): Promise<Redis> {
  const folder = path.resolve(options.folder);
  mkdirSync(folder, { recursive: true });
  killStaleProcesses(folder);
  const port = options.port ?? (await freePort());
  const password = options.password ?? randomBytes(16).toString('hex');
  const configuration = path.join(folder, 'redis.conf');
  const tlsPort = options.tls === undefined ? undefined : await freePort();
  const tlsLines = tlsPort === undefined || options.tls === undefined ? [] : listenerLines(tlsPort, options.tls);
  const lines = [...configurationLines(folder, port, password), ...tlsLines, ''];
  writeFileSync(configuration, lines.join('\n'), { mode: 0o600 });
  // Redis appears in the process list under the name it was started with: the link makes it identifiable.
  const link = path.join(folder, 'redis-server');
  rmSync(link, { force: true });
  symlinkSync(binary, link);

  let server: GuardedProcess | undefined;
  const start = async (): Promise<void> => {
    const env = { PATH: searchPath(), LANG: 'C.UTF-8', HOME: folder };
    const started = startGuarded({
      name: 'redis-server',
      command: link,
      args: [configuration],
      env,
      folder,
      mark: link,
    });
    server = started;
    await waitUntil(
      // It answers -LOADING while it reads its data.
      async () => !started.running() || (await acceptsCommands(port, password)),
      { what: `Redis to start (its log is in ${folder})`, timeoutMs: 30_000 },
    );
    if (!started.running()) throw new Error(`Redis exited immediately: ${lastLines(folder)}`);
  };
  const stop = async (): Promise<void> => {
    await server?.end(10_000);
  };

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    tlsUrl: tlsPort === undefined ? undefined : `rediss://:${password}@localhost:${tlsPort}`,
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
      await stop();
      await start();
    },
    async pause() {
      await server?.pause();
    },
    resume: () => Promise.resolve(server?.resume()),
  };
}

/** Whether a Redis on the port accepts the password and commands. */
export async function acceptsCommands(port: number, password: string): Promise<boolean> {
  return (await firstResponse(port, `AUTH ${password}\r\nPING\r\n`))?.includes('+PONG') ?? false;
}

function configurationLines(folder: string, port: number, password: string): string[] {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(folder)}`,
    `databases ${REDIS_DATABASES}`,
    'appendonly yes',
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
  ];
}

/** A second listener, with TLS. */
function listenerLines(port: number, { certificate, key }: CertificateFiles): string[] {
  return [
    `tls-port ${port}`,
    `tls-cert-file ${JSON.stringify(certificate)}`,
    `tls-key-file ${JSON.stringify(key)}`,
    'tls-auth-clients no',
  ];
}

function lastLines(folder: string): string {
  return readFileSync(path.join(folder, 'redis-server.log'), 'utf8').trim().split('\n').slice(-8).join('\n');
}
