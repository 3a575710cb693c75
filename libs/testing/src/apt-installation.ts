import { spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { findExecutable, searchPath } from './binaries';

// Debian's packages start their services unless this file says no: exit code 101 means "action forbidden by policy"
// (https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt).
const POLICY =
  '#!/bin/sh\n# Written by PDaltagent during an installation; remove it if that was interrupted.\nexit 101\n';
const PROGRESS_EVERY_MS = 5_000;

/** Services that the packages would start at the next boot. */
const SERVICES: Record<string, string[]> = {
  'rabbitmq-server': ['rabbitmq-server.service', 'epmd.service', 'epmd.socket'],
  'redis-server': ['redis-server.service'],
};

/**
 * Installs packages with apt-get and prevents them from starting a service, now or at the next boot.
 * @param root root of the file system; tests pass a temporary folder
 * @throws Error with apt-get's last lines.
 */
export async function installWithApt(packages: string[], say: (text: string) => void, root = '/'): Promise<void> {
  const restore = forbidServices(path.join(root, 'usr', 'sbin', 'policy-rc.d'));
  try {
    // The package lists may be empty, or name versions that no longer exist.
    await aptGet(['update'], say);
    await aptGet(['install', '--yes', '--no-install-recommends', ...packages], say);
    await disableServices(packages.flatMap((name) => SERVICES[name] ?? []));
  } finally {
    restore();
  }
}

/** Replaces the policy file; the returned function restores it. If a run was killed, the next one restores it. */
function forbidServices(file: string): () => void {
  const kept = `${file}.pdaltagent-kept`;
  if (!existsSync(kept) && existsSync(file)) renameSync(file, kept);
  writeFileSync(file, POLICY, { mode: 0o755 });
  return () => {
    rmSync(file, { force: true });
    if (existsSync(kept)) renameSync(kept, file);
  };
}

async function disableServices(services: string[]): Promise<void> {
  const systemctl = findExecutable('systemctl');
  if (systemctl === undefined) return;
  // Ignores services that this version of the package does not have.
  for (const service of services) await run(systemctl, ['disable', '--quiet', service]).catch(() => undefined);
}

async function aptGet(args: string[], say: (text: string) => void): Promise<void> {
  let latest = '';
  const started = Date.now();
  const timer = setInterval(() => {
    say(`apt-get ${args[0] ?? ''}, ${Math.round((Date.now() - started) / 1000)} s: ${latest.slice(0, 80)}`);
  }, PROGRESS_EVERY_MS);
  try {
    await run('apt-get', args, (line) => (latest = line));
  } finally {
    clearInterval(timer);
  }
}

function run(command: string, args: string[], onLine: (line: string) => void = () => undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: searchPath(), DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        last.push(line);
        if (last.length > 8) last.shift();
        onLine(line);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${path.basename(command)} ${args[0] ?? ''} failed:\n  ${last.join('\n  ')}`));
    });
  });
}
