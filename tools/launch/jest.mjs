// Runs projects of jest.config.cjs and counts strictly: what did not run, or ran twice, failed.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runChild } from './child.mjs';
import { cleanEnvironment } from './environment.mjs';

/** Adds the numbers of tests to `counts`. */
export async function runTests({ root, folder, projects, paths, counts }) {
  const temporary = path.join(folder, 'tmp');
  mkdirSync(temporary, { recursive: true });
  const countFile = path.join(folder, `${projects.join('-')}.json`);
  const args = [
    // A worker keeps less than 450 MB alive, but V8 collects only near its limit, which is 4 GB on a large machine.
    '--max-old-space-size=1024',
    path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
    ...projects.map((project) => `--selectProjects=${project}`),
    '--ci',
    // Much of the time tests wait for something to happen: three files concurrently, however few cores there are.
    '--maxWorkers=3',
    // What a failed test left open must not keep the result waiting; the counts are written by then.
    '--forceExit',
    '--reporters=default',
    `--reporters=${path.join(root, 'tools', 'jest-count.cjs')}`,
    ...(paths.length > 0 ? ['--passWithNoTests', `--testPathPatterns=${paths.map(escapePattern).join('|')}`] : []),
  ];
  console.log(`\nRunning the ${projects.join(' and ')} tests`);
  const { code } = await runChild(process.execPath, args, {
    env: { ...cleanEnvironment(), TMPDIR: temporary, PDALTAGENT_STRICT_TESTS: '1', PDALTAGENT_TEST_COUNTS: countFile },
    show: true,
    // A worker handles signals itself, and would go on until the end of its file.
    isGroup: true,
    cwd: root,
  });
  const counted = readCounts(countFile);
  counts.passed += counted.passed;
  counts.failed += counted.failed;
  // Jest failed without a failed test, for example in its configuration or global setup.
  if (code !== 0 && counted.failed === 0) counts.failed += 1;
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0 };
  }
}

function escapePattern(text) {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
