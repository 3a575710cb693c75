// Runs Nx so that it writes nothing outside of the clone and leaves no process running.
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
  // Nx runs each build with npm, which would write a log file for each to the user's home.
  npm_config_logs_max: '0',
  npm_config_update_notifier: 'false',
};

/**
 * Runs nx with these arguments; results of unchanged inputs come from its cache.
 * @throws {Error} with nx's output if it fails
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

/** The part of nx's output that is from failed tasks. */
function failuresIn(output) {
  const [log, summary = ''] = output.split(/^Failed tasks:$/m);
  const failed = [...summary.matchAll(/^- (\S+)$/gm)].map(([, name]) => name);
  const sections = log.split(/^> nx run /m).filter((section) => failed.some((name) => section.startsWith(name)));
  return sections.length === 0 ? output.trim() : sections.map((section) => section.trim()).join('\n\n');
}
