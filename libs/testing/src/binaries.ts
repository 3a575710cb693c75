import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** Folders with RabbitMQ's own scripts if they are not on PATH: Debian and RPM, the generic tar file, Homebrew. */
const RABBITMQ_FOLDERS = [
  '/usr/lib/rabbitmq/bin',
  ...subfolders('/usr/lib/rabbitmq/lib', 'sbin'),
  '/opt/rabbitmq/sbin',
  '/opt/homebrew/opt/rabbitmq/sbin',
  '/usr/local/opt/rabbitmq/sbin',
  '/home/linuxbrew/.linuxbrew/opt/rabbitmq/sbin',
];
const COMMON_FOLDERS = [
  '/usr/bin',
  '/usr/sbin',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
  '/home/linuxbrew/.linuxbrew/bin',
  '/bin',
  '/sbin',
];

export interface RabbitMQBinaries {
  /** Folder with rabbitmq-server and rabbitmqctl. */
  folder: string;
  epmd: string;
}

/** PATH for child processes: the user's, followed by the usual folders. */
export function searchPath(): string {
  const own = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return [...new Set([...own, ...COMMON_FOLDERS])].join(path.delimiter);
}

/** The installed RabbitMQ; undefined if it is not installed, or incomplete. */
export function findRabbitMQ(): RabbitMQBinaries | undefined {
  const onPath = searchPath()
    .split(path.delimiter)
    .map((folder) => executable(path.join(folder, 'rabbitmq-server')))
    .filter((file) => file !== undefined)
    .map((file) => path.dirname(realpathSync(file)));
  // Debian's wrapper on PATH rejects ordinary users; the real scripts are next to rabbitmq-env.
  const folder = [...RABBITMQ_FOLDERS, ...onPath].find((candidate) =>
    ['rabbitmq-server', 'rabbitmqctl', 'rabbitmq-env'].every((name) => readable(path.join(candidate, name))),
  );
  const erlang = findExecutable('erl');
  const epmd = findExecutable('epmd') ?? epmdOf(erlang);
  return folder === undefined || erlang === undefined || epmd === undefined ? undefined : { folder, epmd };
}

export function findRedis(): string | undefined {
  return findExecutable('redis-server') ?? findExecutable('valkey-server');
}

export function findExecutable(name: string): string | undefined {
  for (const folder of searchPath().split(path.delimiter)) {
    const file = executable(path.join(folder, name));
    if (file !== undefined) return file;
  }
  return undefined;
}

function epmdOf(erlang: string | undefined): string | undefined {
  if (erlang === undefined) return undefined;
  // The link on PATH points to <root>/bin/erl; the runtime is in <root>/erts-<version>/bin.
  const root = path.dirname(path.dirname(realpathSync(erlang)));
  return names(root)
    .filter((name) => name.startsWith('erts-'))
    .map((name) => executable(path.join(root, name, 'bin', 'epmd')))
    .find((file) => file !== undefined);
}

function executable(file: string): string | undefined {
  try {
    accessSync(file, constants.X_OK);
    return file;
  } catch {
    return undefined;
  }
}

function readable(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function subfolders(folder: string, last: string): string[] {
  return names(folder).map((name) => path.join(folder, name, last));
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
