import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findExecutable, searchPath } from './binaries';
import { runCommand } from './run-command';

/** Folders of programs in unpacked packages. */
const PROGRAMS = ['usr/bin', 'usr/sbin', 'bin', 'sbin'];
const DOWNLOAD_TIMEOUT_MS = 600_000;

/** Whether Debian packages can be downloaded and unpacked here, which needs no privileges. */
export function canUnpackPackages(): boolean {
  return findExecutable('apt-get') !== undefined && findExecutable('dpkg-deb') !== undefined;
}

/**
 * Downloads Debian packages with their missing dependencies, and unpacks them into a folder. Nothing is installed, no package
 * scripts run, and no privileges are needed.
 * @throws Error with apt-get's last lines
 */
export async function unpackPackages(packages: readonly string[], folder: string): Promise<void> {
  const fetched = path.join(folder, 'fetched');
  for (const part of ['apt/state/lists/partial', 'apt/cache/archives/partial', 'fetched']) {
    mkdirSync(path.join(folder, part), { recursive: true });
  }
  const settings = {
    'Dir::State': path.join(folder, 'apt/state'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': path.join(folder, 'apt/cache'),
    'Dir::Cache::archives': fetched,
    'Debug::NoLocking': 'true',
    // As root apt would hand the download to a user who may not write here.
    'APT::Sandbox::User': '',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const env = { ...process.env, PATH: searchPath(), LC_ALL: 'C.UTF-8' };
  const aptGet = (...args: string[]) =>
    runCommand('apt-get', [...options, '--quiet', ...args], { env, timeoutMs: DOWNLOAD_TIMEOUT_MS });
  mkdirSync(path.join(fetched, 'partial'), { recursive: true });
  await aptGet('update');
  await aptGet('install', '--yes', '--download-only', '--no-install-recommends', ...packages);
  for (const file of readdirSync(fetched).filter((name) => name.endsWith('.deb'))) {
    await runCommand('dpkg-deb', ['--extract', path.join(fetched, file), folder], { env });
  }
  for (const part of ['apt', 'fetched']) rmSync(path.join(folder, part), { recursive: true });
}

/** A program by its possible names, and a folder in /usr/share whose path is built into it. */
export interface UnpackedProgram {
  readonly names: readonly string[];
  readonly share?: string;
}

/**
 * Writes a command that runs a program of the unpacked packages with its unpacked libraries and its folder in /usr/share,
 * which is mounted for this process only (unprivileged user and mount namespaces).
 * @returns its path; undefined if no package has the program
 */
export function commandFor({ names, share }: UnpackedProgram, folder: string): string | undefined {
  const program = PROGRAMS.flatMap((programs) => names.map((name) => path.join(folder, programs, name))).find(
    existsSync,
  );
  if (program === undefined) return undefined;
  const libraries = ['usr/lib', 'lib'].flatMap((libs) => [
    path.join(folder, libs),
    ...byArchitecture(path.join(folder, libs)),
  ]);
  const lines = ['#!/bin/sh', `export LD_LIBRARY_PATH='${libraries.join(':')}'`];
  if (share === undefined) lines.push(`exec '${program}' "$@"`);
  else {
    const place = `/usr/share/${share}`;
    const show = `mount -t tmpfs none /usr/share && mkdir ${place} && mount --bind "$0" ${place} && exec "$@"`;
    const there = path.join(folder, place);
    lines.push(`exec unshare --user --map-root-user --mount sh -c '${show}' '${there}' '${program}' "$@"`);
  }
  const command = path.join(folder, path.basename(program));
  writeFileSync(command, `${lines.join('\n')}\n`, { mode: 0o755 });
  return command;
}

/** Debian stores libraries by architecture, for example in usr/lib/x86_64-linux-gnu. */
function byArchitecture(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.includes('-linux-'))
    .map((name) => path.join(folder, name));
}
