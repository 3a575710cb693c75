import { type RecordedLine, recordingLogger, waitUntil } from '@pdaltagent/testing';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openTokens, type TokenSource } from './token-source';
import { Tokens } from './tokens';

const TOKEN = '0123456789abcdef';
const OTHER = 'fedcba9876543210';
const HASH = createHash('sha256').update(TOKEN).digest('hex');

const nameOf = (tokens: Tokens, token: string): string | undefined => {
  const presented = tokens.presentedIn({ authorization: `Bearer ${token}` });
  return presented.kind === 'valid' ? presented.name : undefined;
};

describe('a list of tokens', () => {
  it.each([
    ['a token', TOKEN, 'unnamed'],
    ['a token with a name', `zabbix=${TOKEN}`, 'zabbix'],
    ['a hash with a name', `zabbix=sha256:${HASH}`, 'zabbix'],
    ['a hash without a name', `sha256:${HASH.toUpperCase()}`, 'unnamed'],
    ['a line after a comment', `# zabbix=${OTHER}\nprometheus=${TOKEN}`, 'prometheus'],
    ['one of two tokens of a rotation', `zabbix=${OTHER},zabbix=${TOKEN}`, 'zabbix'],
  ])('may contain %s', (_, text, name) => {
    const { tokens, problems } = Tokens.parse(text);
    expect([nameOf(tokens, TOKEN), problems]).toEqual([name, []]);
    expect(nameOf(tokens, `${TOKEN}0`)).toBeUndefined();
  });

  it('of an earlier version remains valid, whatever equals signs its tokens have', () => {
    for (const token of ['MDEyMzQ1Njc4OTAxMjM0NQ==', 'key=of-a-sender-1234'])
      expect(nameOf(Tokens.parse(token).tokens, token)).toBeDefined();
  });

  it('must not contain a hash that is not one, and its text is not repeated', () => {
    const { problems } = Tokens.parse(`zabbix=sha256:${TOKEN}`);
    expect(problems).toEqual(['zabbix: sha256: must be followed by 64 hexadecimal digits']);
  });
});

describe('the source of tokens', () => {
  let folder: string;
  let file: string;
  let log: RecordedLine[];
  let source: TokenSource | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tokens-'));
    file = path.join(folder, 'tokens');
    log = [];
  });
  afterEach(async () => {
    source?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function open(tokens: string | undefined, from?: string): TokenSource {
    source = openTokens({ tokens, file: from, log: recordingLogger(log), pollMs: 20 });
    source.start();
    return source;
  }

  it('warns of tokens that can be guessed, without repeating them', () => {
    open(`short,zabbix=hunter2,good=${TOKEN}`);
    const [line] = log;
    expect([line?.level, line?.fields]).toEqual(['warn', { tokens: ['token 1', 'zabbix'] }]);
    expect(JSON.stringify(log)).not.toMatch(/hunter2|"short"/);
  });

  it('must contain a token if it is set', () => {
    expect(() => open(' , ')).toThrow('PDAGENTD_INGEST_TOKENS: is set but contains no token');
  });

  it('is read again when its file changes, without a restart', async () => {
    await writeFile(file, `zabbix=${TOKEN}\n`);
    const opened = open(TOKEN, file);
    const current = () => opened.current();
    expect(nameOf(current(), TOKEN)).toBe('zabbix');
    await writeFile(file, `zabbix=${OTHER}\n`);
    await waitUntil(() => nameOf(current(), OTHER) === 'zabbix', { what: 'the new token to be valid' });
    expect(nameOf(current(), TOKEN)).toBeUndefined();
    expect(JSON.stringify(log)).not.toMatch(new RegExp(`${TOKEN}|${OTHER}`));
  });

  it.each([
    ['emptied', ''],
    ['replaced by one with a problem', 'a=sha256:1'],
  ])('keeps its tokens if the file is %s: nobody else is let in', async (_, text) => {
    await writeFile(file, `zabbix=${TOKEN}\n`);
    const opened = open(TOKEN, file);
    const current = () => opened.current();
    await writeFile(file, text);
    await waitUntil(() => log.some(({ level }) => level === 'error'), { what: 'the error' });
    expect([current().isEmpty, nameOf(current(), TOKEN)]).toEqual([false, 'zabbix']);
  });

  it('requires no token while its file is empty, as in the example for Kubernetes, and requires one as soon as it has one', async () => {
    await writeFile(file, '');
    const opened = open(undefined, file);
    const current = () => opened.current();
    expect(current().isEmpty).toBe(true);
    await writeFile(file, TOKEN);
    await waitUntil(() => !current().isEmpty, { what: 'the token to be required' });
  });
});
