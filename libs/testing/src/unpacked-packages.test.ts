import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from './run-command';
import { commandFor } from './unpacked-packages';

describe('a program from packages unpacked into a folder', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'unpacked-'));
    mkdirSync(path.join(folder, 'usr/bin'), { recursive: true });
    mkdirSync(path.join(folder, 'usr/lib/x86_64-linux-gnu'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('runs with the unpacked libraries, and receives its arguments', async () => {
    const script = '#!/bin/sh\necho "$1 $LD_LIBRARY_PATH"\n';
    writeFileSync(path.join(folder, 'usr/bin/tool-by-its-other-name'), script, { mode: 0o755 });
    const command = commandFor({ names: ['tool', 'tool-by-its-other-name'] }, folder);
    expect(await runCommand(command ?? '', ['two words'])).toContain(`two words ${folder}/usr/lib`);
    expect(await runCommand(command ?? '', [''])).toContain(path.join(folder, 'usr/lib/x86_64-linux-gnu'));
  });

  it('is undefined if no package has it', () => {
    expect(commandFor({ names: ['tool'] }, folder)).toBeUndefined();
  });
});
