// `npm test` on a machine that has only Node and git: dependencies, lint, types, unit tests, build, integration tests.
// The last line is "N passed, N failed" and counts jest's tests; the exit code is 0 only if nothing failed.
import './launch/node-version.mjs';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureDependencies } from './launch/dependencies.mjs';
import { explainError } from './launch/install-failure.mjs';
import { runTests } from './launch/jest.mjs';
import { exitWithNpm } from './launch/parent.mjs';
import { prepareServers } from './launch/servers.mjs';
import { buildApps, runNx } from './launch/workspace.mjs';

const HELP = `npm test [-- [options] [part of a test file's path …]]

Installs the dependencies, checks style and types, and runs the unit and integration tests: those that need a broker
start a private RabbitMQ and Redis and stop them. With paths, only the tests of matching files run.

  --all    also run the long tests (*.long.test.ts: kills, outages and faults under load); about 30 minutes on 2 cores
  --yes    install missing server packages (apt-get, as root) without asking; CI=true means the same
  --help   this text
`;

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { all, yes, paths } = readArguments();
process.chdir(root);
exitWithNpm();
const folder = path.join(root, '.local', 'run', `test-${process.pid}`);
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

const counts = { passed: 0, failed: 0 };
try {
  mkdirSync(folder, { recursive: true });
  await ensureDependencies(root);
  if (paths.length === 0) {
    const targets = ['-t', 'lint', 'typecheck', '-p', 'workspace', '--parallel=2'];
    await runNx(root, 'Checking style, import rules and types', ['run-many', ...targets, '--output-style=static']);
  }
  await runTests({ root, folder, projects: ['unit'], paths, counts });
  await buildApps(root);
  await prepareServers(root, yes);
  const isLongToo = all || paths.length > 0;
  await runTests({ root, folder, projects: isLongToo ? ['integration', 'long'] : ['integration'], paths, counts });
} catch (error) {
  console.error(`npm test: ${explainError(error)}`);
  counts.failed += 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 && counts.passed > 0 ? 0 : 1);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        all: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowPositionals: true,
    });
    if (values.help) {
      console.log(HELP);
      process.exit(0);
    }
    return { all: values.all, yes: values.yes, paths: positionals };
  } catch (error) {
    console.error(`npm test: ${error.message}\n\n${HELP}`);
    process.exit(2);
  }
}
