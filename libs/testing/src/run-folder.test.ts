import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRunFolder } from './run-folder';

describe('openRunFolder', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(path.join(tmpdir(), 'run-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  it('removes the folders of runs that are over, and only those', () => {
    const mine = openRunFolder('mine', root);
    const ended = spawnSync(process.execPath, ['--version']).pid;
    mkdirSync(path.join(root, 'over'));
    writeFileSync(path.join(root, 'over', 'owner.json'), JSON.stringify({ pid: ended, commandLine: 'node --version' }));
    mkdirSync(path.join(root, `script-${ended}`));
    mkdirSync(path.join(root, `script-${process.pid}`));
    mkdirSync(path.join(root, 'by-hand'));

    const next = openRunFolder('next', root);
    const expected = [mine.path, next.path, 'by-hand', `script-${process.pid}`].map((name) => path.basename(name));
    expect(readdirSync(root).toSorted()).toEqual(expected.toSorted());

    next.remove();
    expect(existsSync(next.path)).toBe(false);
  });
});
