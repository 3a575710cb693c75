// The build tool, called so that it leaves nothing outside of the clone and nothing running.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { runChild } from './child.mjs';
import { cleanEnvironment } from './environment.mjs';
import { withProgress } from './progress.mjs';

const QUIET = {
  NX_DAEMON: 'false',
  NX_NO_CLOUD: 'true',
  NX_TUI: 'false',
  NX_ISOLATE_PLUGINS: 'false',
  NX_SKIP_NATIVE_FILE_CACHE: 'true',
  // It runs each build by npm, which would keep a log file of each in the user's home.
  npm_config_logs_max: '0',
  npm_config_update_notifier: 'false',
};

/**
 * Runs nx with these arguments; what has not changed since the last time is not done again.
 * @throws {Error} with nx's output when it fails.
 */
export async function runNx(root, heading, args) {
  const temporary = path.join(root, '.local', 'tmp');
  mkdirSync(temporary, { recursive: true });
  const program = path.join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
  await withProgress(heading, async () => {
    const env = {
      ...cleanEnvironment(),
      ...QUIET,
      TMPDIR: temporary,
      npm_config_cache: path.join(root, '.local', 'npm'),
      FORCE_COLOR: '0',
    };
    const { code, output } = await runChild(process.execPath, [program, ...args], { env, cwd: root });
    if (code !== 0) throw new Error(failuresIn(output));
  });
}

export const buildApps = (root) =>
  runNx(root, 'Building what has changed', ['run-many', '-t', 'build', '--output-style=static']);

/** Of all that nx wrote, what the tasks that failed wrote. */
function failuresIn(output) {
  const [log, summary = ''] = output.split(/^Failed tasks:$/m);
  const failed = [...summary.matchAll(/^- (\S+)$/gm)].map(([, name]) => name);
  const sections = log.split(/^> nx run /m).filter((section) => failed.some((name) => section.startsWith(name)));
  return sections.length === 0 ? output.trim() : sections.map((section) => section.trim()).join('\n\n');
}
