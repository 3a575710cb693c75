import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openRunFolder } from './run-folder';

describe('openRunFolder', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(path.join(tmpdir(), 'run-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  it('clears away the folders of runs that are over, and only those', () => {
    const mine = openRunFolder('mine', root);
    const ended = spawnSync(process.execPath, ['--version']).pid;
    mkdirSync(path.join(root, 'over'));
    writeFileSync(path.join(root, 'over', 'owner.json'), JSON.stringify({ pid: ended, commandLine: 'node --version' }));
    mkdirSync(path.join(root, 'by-hand'));

    const next = openRunFolder('next', root);
    expect(existsSync(path.join(root, 'over'))).toBe(false);
    expect([mine.path, next.path, path.join(root, 'by-hand')].filter((folder) => !existsSync(folder))).toEqual([]);

    next.remove();
    expect(existsSync(next.path)).toBe(false);
  });
});
