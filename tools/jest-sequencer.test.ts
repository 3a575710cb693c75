import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const JEST = path.join(__dirname, '..', 'node_modules', 'jest', 'bin', 'jest.js');

it('runs the long, the end-to-end and other slow tests first if no durations are known, however small their files', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sequence-'));
  try {
    for (const name of ['e2e', 'apps/demo/src']) mkdirSync(path.join(folder, name), { recursive: true });
    const log = path.join(folder, 'log');
    for (const [name, padding] of [
      ['a.test.js', 200],
      ['e2e/b.test.js', 100],
      ['e2e/c.long.test.js', 0],
      ['apps/demo/src/check.integration.test.js', 0],
    ] as const) {
      const note = `require('node:fs').appendFileSync(${JSON.stringify(log)}, '${name} ');`;
      writeFileSync(path.join(folder, name), `test('a', () => {${note}}); //${'x'.repeat(padding)}`);
    }
    const testSequencer = path.join(__dirname, 'jest-sequencer.cjs');
    const configuration = { rootDir: folder, transform: {}, cacheDirectory: path.join(folder, 'cache'), testSequencer };
    writeFileSync(path.join(folder, 'jest.config.json'), JSON.stringify(configuration));
    spawnSync(process.execPath, [JEST, '--runInBand', '--config', path.join(folder, 'jest.config.json')]);
    expect(readFileSync(log, 'utf8')).toBe(
      'e2e/c.long.test.js e2e/b.test.js apps/demo/src/check.integration.test.js a.test.js ',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
