import { waitUntil } from '@pdaltagent/testing';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigurationError } from './configuration';
import { type Fields } from './logger';
import { type Sources, WatchedFile } from './watched-file';

let folder: string;
let file: string;
let watched: WatchedFile<string> | undefined;
const lines: { message: string; fields: Fields }[] = [];
const keep = (message: string, fields: Fields = {}) => void lines.push({ message, fields });
const log = { info: keep, error: keep };

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'watched-'));
  file = path.join(folder, 'settings');
  lines.length = 0;
});
afterEach(() => {
  watched?.stop();
  rmSync(folder, { recursive: true });
});

/** The text is the value; `bad…` is rejected, `@name` is the text of that file. */
function parse(text: string, sources: Sources) {
  if (text.startsWith('bad')) return { kind: 'problems', problems: [`${text} is bad`] } as const;
  if (!text.startsWith('@')) return { kind: 'value', value: text } as const;
  const found = sources.file(text.slice(1));
  return found.kind === 'text'
    ? ({ kind: 'value', value: found.text } as const)
    : ({ kind: 'problems', problems: [found.problem] } as const);
}

function open(): WatchedFile<string> {
  const describe = (value: string) => ({ value });
  return (watched = WatchedFile.open({
    ...{ path: file, variable: 'PDAGENTD_ANY_FILE', environment: {}, parse, describe, log, pollMs: 5 },
  }));
}

const becomes = (value: string) => waitUntil(() => watched?.current() === value, { what: `${value} to be current` });
const says = (part: string) => waitUntil(() => lines.some(({ message }) => message.includes(part)), { what: part });

describe('a watched file', () => {
  it('is rejected at start with all problems, or if it cannot be read', () => {
    expect(open).toThrow(/PDAGENTD_ANY_FILE: .*ENOENT/);
    writeFileSync(file, 'bad one');
    expect(open).toThrow(ConfigurationError);
    expect(open).toThrow(/PDAGENTD_ANY_FILE: .*settings: bad one is bad/);
  });

  it('is reloaded and logged once when its content changes, and calls its listeners', async () => {
    writeFileSync(file, 'one');
    const values: string[] = [];
    open().onChange((value) => values.push(value));
    watched?.start();
    expect(watched?.current()).toBe('one');
    writeFileSync(file, 'two');
    await becomes('two');
    expect(values).toEqual(['two']);
    expect(lines).toEqual([{ message: 'PDAGENTD_ANY_FILE was reloaded', fields: { file, value: 'two' } }]);
  });

  it('keeps the previous version while a new one has problems or the file is gone, and logs each once', async () => {
    writeFileSync(file, 'one');
    open().start();
    writeFileSync(file, 'bad two');
    await says('has problems');
    expect(lines[0]?.fields).toEqual({ file, problems: ['bad two is bad'] });
    rmSync(file);
    await waitUntil(() => lines.length === 2, { what: 'the absence to be logged' });
    expect(watched?.current()).toBe('one');
    writeFileSync(file, 'three');
    await becomes('three');
    expect(lines).toHaveLength(3);
  });

  it('detects the swapped symlink of a mounted ConfigMap', async () => {
    const version = (name: string, text: string) => {
      mkdirSync(path.join(folder, name));
      writeFileSync(path.join(folder, name, 'settings'), text);
      symlinkSync(name, path.join(folder, '..data_tmp'));
      renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'));
    };
    version('..2026_1', 'one');
    symlinkSync('..data/settings', file);
    open().start();
    version('..2026_2', 'two');
    rmSync(path.join(folder, '..2026_1'), { recursive: true });
    await becomes('two');
    expect(readdirSync(folder)).not.toContain('..2026_1');
  });

  it('is reloaded when a file that it refers to changes', async () => {
    writeFileSync(path.join(folder, 'secret'), 'old');
    writeFileSync(file, '@secret');
    open().start();
    expect(watched?.current()).toBe('old');
    writeFileSync(path.join(folder, 'secret'), 'new');
    await becomes('new');
  });

  it('loads nothing that is still being written', () => {
    writeFileSync(file, 'one');
    const settings = open();
    for (const half of ['t', 'tw', 'two']) {
      writeFileSync(file, half);
      settings.poll();
      expect(settings.current()).toBe('one');
    }
    settings.poll();
    expect(settings.current()).toBe('two');
  });

  it('logs nothing if a change is reverted before it is loaded', () => {
    writeFileSync(file, 'one');
    const settings = open();
    for (const text of ['bad', 'one', 'one']) {
      writeFileSync(file, text);
      settings.poll();
    }
    expect(lines).toEqual([]);
  });
});
