// Installs node_modules if it does not match package-lock.json.
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { runChild } from './child.mjs';
import { installEnvironment } from './environment.mjs';
import { explainFailure } from './install-failure.mjs';
import { withProgress } from './progress.mjs';

const STALLED_AFTER_MS = 15_000;
const PROBE_TIMEOUT_MS = 30_000;

/** @param {string} root top folder of the clone */
export async function ensureDependencies(root) {
  if (isInstalled(root)) return;
  const release = await takeLock(path.join(root, '.local', 'installing'));
  try {
    // Another command may have installed them in the meantime.
    if (!isInstalled(root)) await install(root);
  } finally {
    release();
  }
}

/** Whether every package of the lock file is installed in its version; those for other platforms may be missing. */
function isInstalled(root) {
  const wanted = packagesOf(path.join(root, 'package-lock.json'));
  const here = packagesOf(path.join(root, 'node_modules', '.package-lock.json'));
  return Object.entries(wanted).every(([name, entry]) => {
    if (!name.startsWith('node_modules/') || entry.link) return true;
    const installed = here[name];
    return installed === undefined ? entry.optional === true : installed.version === entry.version;
  });
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return {};
  }
}

async function install(root) {
  const packages = Object.entries(packagesOf(path.join(root, 'package-lock.json')))
    .filter(([name, entry]) => name.startsWith('node_modules/') && !entry.link && !entry.optional)
    .map(([name]) => path.join(root, name, 'package.json'));
  const started = Date.now();
  let arrived = 0;
  let changed = started;
  const status = () => {
    const now = packages.filter((file) => isNewer(file, started)).length;
    if (now !== arrived) changed = Date.now();
    arrived = now;
    const still = Math.round((Date.now() - changed) / 1000);
    const stall = still * 1000 >= STALLED_AFTER_MS ? `; no progress for ${still} s, still trying (Ctrl-C to stop)` : '';
    return `${arrived} of ${packages.length} packages${stall}`;
  };
  await withProgress(
    'Installing dependencies',
    async () => {
      const problem = await registryProblem(root);
      const options = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=warn'];
      // npm's cache may be sufficient; requesting each package in vain would take minutes.
      const result = await runNpm(root, [...options, ...(problem ? ['--offline'] : [])]);
      if (result.code !== 0) throw new Error(explainFailure(problem || result.output));
    },
    status,
  );
}

/** npm's output if its registry does not return one of our dependencies; empty if it does. */
async function registryProblem(root) {
  const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const [name, version] = Object.entries(dependencies)[0];
  const answer = await runNpm(root, ['view', `${name}@${version}`, 'version', '--fetch-retries=1'], PROBE_TIMEOUT_MS);
  return answer.code === 0 ? '' : answer.output;
}

function runNpm(root, args, timeoutMs) {
  const npm = npmCommand();
  const all = [...npm.args, ...args, ...RETRY_OPTIONS, ...cache(root)];
  return runChild(npm.command, all, { env: installEnvironment(), cwd: root, timeoutMs });
}

/** With npm's defaults nothing is reported for minutes if there is no network. */
const RETRY_OPTIONS = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000', '--fetch-timeout=60000'];

/** The user's cache if it exists; otherwise nothing is written outside of the clone, not even a log file. */
function cache(root) {
  const own = process.env.npm_config_cache || path.join(homedir(), '.npm');
  const folder = existsSync(path.join(own, '_cacache')) ? [] : [`--cache=${path.join(root, '.local', 'npm')}`];
  return ['--logs-max=0', '--no-update-notifier', ...folder];
}

/** The npm that runs this script, or the one on PATH. */
function npmCommand() {
  const running = process.env.npm_execpath;
  if (running && /npm-cli\.c?js$/.test(running)) return { command: process.execPath, args: [running] };
  return { command: 'npm', args: [] };
}

function isNewer(file, time) {
  try {
    return statSync(file).ctimeMs >= time;
  } catch {
    return false;
  }
}

/** Prevents two commands in one clone from installing at the same time. Resolves with a function that releases the lock. */
async function takeLock(folder) {
  mkdirSync(path.dirname(folder), { recursive: true });
  let isAnnounced = false;
  for (;;) {
    try {
      mkdirSync(folder);
      writeFileSync(path.join(folder, 'pid'), String(process.pid));
      return () => rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(folder)) {
      rmSync(folder, { recursive: true, force: true });
      continue;
    }
    if (!isAnnounced) console.log('Waiting for another command that is installing the dependencies of this clone');
    isAnnounced = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isAbandoned(folder) {
  try {
    process.kill(Number(readFileSync(path.join(folder, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    // No such process; or no id in it, long after the folder was created.
    return error.code === 'ESRCH' || (error.code === 'ENOENT' && !isNewer(folder, Date.now() - 5_000));
  }
}
