import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const TOOLS = __dirname;
const JEST = path.join(TOOLS, '..', 'node_modules', 'jest', 'bin', 'jest.js');

describe('the counts of npm test', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'count-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs a test file as npm test does, and returns the counts. */
  function countsOf(source: string): unknown {
    const counts = path.join(folder, 'counts.json');
    const configuration = { rootDir: folder, testEnvironment: path.join(TOOLS, 'jest-environment.cjs'), transform: {} };
    writeFileSync(path.join(folder, 'jest.config.json'), JSON.stringify(configuration));
    writeFileSync(path.join(folder, 'one.test.js'), source);
    spawnSync(
      process.execPath,
      [JEST, '--config', path.join(folder, 'jest.config.json'), `--reporters=${path.join(TOOLS, 'jest-count.cjs')}`],
      { env: { ...process.env, PDALTAGENT_STRICT_TESTS: '1', PDALTAGENT_TEST_COUNTS: counts } },
    );
    return JSON.parse(readFileSync(counts, 'utf8'));
  }

  it.each([
    ['passed and failed tests', `test('a', () => {}); test('b', () => { throw new Error(); });`, 1, 1],
    ['a skipped test as failed', `test('a', () => {}); test.skip('b', () => {});`, 1, 1],
    ['a todo test as failed', `test('a', () => {}); test.todo('b');`, 1, 1],
    ['the whole file as failed for a focused test', `test.only('a', () => {});`, 0, 1],
    [
      'a retried test as failed',
      `jest.retryTimes(1); let runs = 0; test('a', () => { runs += 1; expect(runs).toBe(2); }); test('b', () => {});`,
      1,
      1,
    ],
    ['a file that does not load as failed', `throw new Error();`, 0, 1],
    ['a file without a test as failed', ``, 0, 1],
    ['a failed teardown as failed', `test('a', () => {}); afterAll(() => { throw new Error(); });`, 1, 1],
  ])('count %s', (_what, source, passed, failed) => {
    expect(countsOf(source)).toEqual({ passed, failed });
  });
});
