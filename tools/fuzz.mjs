// `npm run fuzz -- [gateway|worker] [cases]`: builds, and sends this many generated requests to a whole relay
// (e2e/src/gateway-fuzz.fixture.ts), or this many generated messages to a worker (e2e/src/worker-fuzz.fixture.ts).
import { spawnSync } from 'node:child_process';

const USAGE = 'usage: npm run fuzz -- [gateway|worker] [number of requests or messages, by default 2000]\n';
const TESTS = new Map([
  ['gateway', ['integration', 'e2e/src/gateway-fuzz.test']],
  ['worker', ['long', 'e2e/src/worker-fuzz.long.test']],
]);

const words = process.argv.slice(2);
if (words.includes('--help')) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const [project, test] = TESTS.get(TESTS.has(words[0]) ? words.shift() : 'gateway');
const [cases = '2000', ...rest] = words;
if (!/^[1-9]\d*$/.test(cases) || rest.length > 0) {
  process.stderr.write(USAGE);
  process.exit(2);
}

const run = (args, added = {}) => {
  const { status } = spawnSync('npx', args, { stdio: 'inherit', env: { ...process.env, ...added } });
  if (status !== 0) process.exit(status ?? 1);
};
run(['nx', 'run-many', '-t', 'build', '--output-style=static'], { NX_DAEMON: 'false', NX_TUI: 'false' });
run(['jest', '--forceExit', '--selectProjects', project, '--testPathPatterns', test], { FUZZ_CASES: cases });
