import { workspaceRoot } from '@pdaltagent/testing';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

it.each(['cli/pdaltagent', 'cli/pd-queue', 'pd-send/pd-send', 'pd-send/pd-nagios'])(
  '%s runs as a single file, as in the images and on sending hosts',
  async (name) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'command-'));
    try {
      const file = path.join(folder, path.basename(name));
      await copyFile(path.join(workspaceRoot(), 'dist/apps', `${name}.js`), file);
      const { stdout } = await promisify(execFile)(process.execPath, [file, '--version']);
      expect(stdout).toMatch(/\d+\.\d+\.\d+/);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
