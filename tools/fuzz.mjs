// `npm run fuzz -- <cases>`: builds, and sends this many generated requests to a whole relay (e2e/src/gateway-fuzz.fixture.ts).
import { spawnSync } from 'node:child_process';

const [cases = '2000', ...rest] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(cases) || rest.length > 0) {
  process.stderr.write('usage: npm run fuzz -- [number of requests, by default 2000]\n');
  process.exit(cases === '--help' ? 0 : 2);
}

const run = (args, added = {}) => {
  const { status } = spawnSync('npx', args, { stdio: 'inherit', env: { ...process.env, ...added } });
  if (status !== 0) process.exit(status ?? 1);
};
run(['nx', 'run-many', '-t', 'build', '--output-style=static'], { NX_DAEMON: 'false', NX_TUI: 'false' });
run(['jest', '--forceExit', '--selectProjects', 'integration', '--testPathPatterns', 'e2e/src/gateway-fuzz.test'], {
  FUZZ_CASES: cases,
});
