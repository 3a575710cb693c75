import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCli } from '../cli.fixture';

const scrub = (words: readonly string[], text: string, environment: Record<string, string> = {}) =>
  runCli(['scrub', ...words], environment, { input: [Buffer.from(text)] });

const EVENT = JSON.stringify({
  routing_key: 'jane@example.com',
  dedup_key: 'login:jane@example.com',
  payload: { summary: 'call jane@example.com', custom_details: { phone: '0161 496 0123', n: 4111111111111111 } },
});

describe('an event', () => {
  it('is printed as it would be stored', async () => {
    const { code, out, error } = await scrub([], EVENT);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(JSON.parse(out)).toEqual({
      routing_key: 'jane@example.com',
      dedup_key: 'login:jane@example.com',
      payload: {
        summary: 'call {{EMAIL_ADDRESS}}',
        custom_details: { phone: '{{PHONE}}', n: 4111111111111111 },
      },
    });
  });

  it('is explained member by member, without the values found', async () => {
    const { code, out } = await scrub(['--explain'], EVENT);
    expect(code).toBe(0);
    expect(out).toMatch(/payload\.summary +EMAIL_ADDRESS +email +aaaa@aaaaaaa\.aaa +\{\{EMAIL_ADDRESS\}\}\n/);
    expect(out).toMatch(/payload\.custom_details\.phone +PHONE +phone-national +9999 999 9999 +\{\{PHONE\}\}\n/);
    expect(out).not.toMatch(/jane|496/);
  });

  it('keeps JSON inside strings valid in a vendor’s body', async () => {
    const { out } = await scrub([], JSON.stringify({ Message: JSON.stringify({ password: 'a"b' }) }));
    expect(JSON.parse(out)).toEqual({ Message: '{"password":"{{SECRET}}"}' });
  });
});

describe('a text', () => {
  it('is printed as it would be stored', async () => {
    expect((await scrub([], 'mail jane@example.com\n')).out).toBe('mail {{EMAIL_ADDRESS}}\n');
  });

  it('is scanned as the value of the key passed with --key', async () => {
    expect((await scrub(['--key', 'customer_phone'], '0161 496 0123')).out).toBe('{{PHONE}}');
  });

  it('is explained by offset; a secret only by its length', async () => {
    const { out } = await scrub(['--explain'], 'x password=swordfish');
    expect(out).toMatch(/11-20 +SECRET +assigned-secret +9 characters +\{\{SECRET\}\}\n/);
    expect((await scrub(['--explain'], 'disk full')).out).toBe('nothing found\n');
  });
});

describe('lines', () => {
  it('are scrubbed one by one, each with its key, however the input is chunked', async () => {
    const lines = '{"id":1,"text":"é jane@example.com\u2028"}\n\n{"id":"b","text":"0161 496 0123","key":"phone","x":1}';
    const input = [...Buffer.from(lines)].map((byte) => Buffer.from([byte]));
    const { code, out } = await runCli(['scrub', '--jsonl'], {}, { input });
    expect({ code, out }).toEqual({
      code: 0,
      out: '{"id":1,"text":"é {{EMAIL_ADDRESS}}\u2028"}\n{"id":"b","text":"{{PHONE}}"}\n',
    });
  });

  it('that are invalid are reported by number, and the others are scrubbed', async () => {
    const { code, out, error } = await scrub(['--jsonl'], '{"id":1}\nnonsense jane@example.com\n{"id":2,"text":"x"}\n');
    expect({ code, out }).toEqual({ code: 1, out: '{"id":2,"text":"x"}\n' });
    expect(error).toBe('line 1: expected {"id": …, "text": "…", "key": "…" (optional)}\nline 2: not JSON\n');
  });

  it('include what was found with --explain', async () => {
    const { out } = await scrub(['--jsonl', '--explain'], '{"id":1,"text":"to jane@example.com"}\n');
    expect(JSON.parse(out)).toMatchObject({ found: [{ start: 3, end: 19, kind: 'EMAIL_ADDRESS', detector: 'email' }] });
  });
});

describe('settings', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'scrub-'))));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };

  it('are read from the gateway’s variables', async () => {
    const { out } = await scrub([], 'jane@example.com 10.0.0.1', { PDAGENTD_SCRUB_DETECTORS: 'ip' });
    expect(out).toBe('jane@example.com {{IP_ADDRESS}}');
  });

  it('on the command line override variables', async () => {
    const environment = { PDAGENTD_SCRUB_DETECTORS: 'ip', PDAGENTD_SCRUB_SECRET_FILE: '/nowhere' };
    const words = ['--detectors', 'email', '--tokens', '--secret-file', file('secret', 'k\n')];
    expect((await scrub(words, 'jane@example.com 10.0.0.1', environment)).out).toMatch(
      /^\{\{EMAIL_ADDRESS:[\da-f]{6}\}\} 10\.0\.0\.1$/,
    );
  });

  it('accept custom rules, and report an invalid one by its line', async () => {
    const good = file('good.json', '[{ "name": "BADGE", "pattern": "B\\\\d{6}" }]');
    expect((await scrub(['--rules', good], 'badge B123456')).out).toBe('badge {{BADGE}}');
    const bad = file('bad.json', '[\n{ "name": "BADGE", "pattern": "B(" }]');
    const { code, error } = await scrub(['--rules', bad], 'x');
    expect(code).toBe(78);
    expect(error).toMatch(/ {2}--rules: .*bad\.json, line 2: BADGE/);
  });

  it.each([
    [['--detectors', 'emial'], '--detectors: unknown detector "emial"; expected core, seed, all, email, phone,'],
    [['--except', 'emial'], '--except: unknown detector "emial"; expected core, seed, all, email, phone,'],
    [['--mask', 'severity'], '--mask: severity is never changed'],
    [['--keep', 'a..b'], '--keep: "a..b" is not a path such as'],
    [['--tokens'], '--tokens: tokens require a secret'],
  ])('that are invalid options exit with 2 and name the option: %j', async (words, problem) => {
    // What it overrides has a problem, too, which is not reported.
    const environment = { PDAGENTD_SCRUB_DETECTORS: 'nope', PDAGENTD_SCRUB_DETECTORS_FILE: '/nowhere' };
    const { code, out, error } = await scrub(words, 'x', words[0] === '--detectors' ? environment : {});
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error.startsWith(`pdaltagent: ${problem}`)).toBe(true);
    expect(error).not.toContain('PDAGENTD');
  });

  it('that are invalid variables exit with 78 and name the variable', async () => {
    const { code, error } = await scrub(['--keep', 'a.b'], 'x', { PDAGENTD_SCRUB_DETECTORS: 'emial' });
    expect(code).toBe(78);
    expect(error).toContain('  PDAGENTD_SCRUB_DETECTORS: unknown detector "emial"; expected core,');
  });

  it('in a file that cannot be read exit with 78 and name the option', async () => {
    const { code, error } = await scrub(['--secret-file', '/nowhere'], 'x');
    expect(code).toBe(78);
    expect(error).toMatch(/ {2}--secret-file is "\/nowhere", which cannot be read: .*ENOENT/);
  });

  it.each([[['--secret', 'a', '--secret-file', 'b']], [['--jsonl', '--key', 'k']]])(
    'that exclude each other exit with 2: %j',
    async (words) => {
      expect(await scrub(words, '')).toMatchObject({ code: 2, out: '' });
    },
  );

  it('exit with 1 if the file does not exist', async () => {
    expect(await scrub(['/nowhere.json'], '')).toMatchObject({ code: 1, out: '' });
  });

  it('list every detector with an example', async () => {
    const { code, out } = await scrub(['--list'], '');
    expect(code).toBe(0);
    expect(out).toMatch(/^card +card +\{\{CREDIT_CARD\}\} +on +4012 8888 8888 1881$/m);
    expect(out).toMatch(/^ip +ip +\{\{IP_ADDRESS\}\} +off /m);
  });
});
