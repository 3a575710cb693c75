import { runCli } from './cli.fixture';

const UNREACHABLE = { PDAGENTD_AMQP_URL: 'amqp://guest:s3cret@127.0.0.1:1' };
const on = (words: string, environment = UNREACHABLE) => runCli(words === '' ? [] : words.split(' '), environment);

describe('pdaltagent', () => {
  it.each([
    '',
    'dead-leters',
    'dead-leters --help',
    'help dead-leters',
    '--nope',
    'dead-letters',
    'dead-letters purge --help',
    'dead-letters help purge',
    'webhooks pause -h',
    'dead-letters list --nope',
    'dead-letters list --limit 0',
    'dead-letters list --limit ten',
    'dead-letters list --since yesterday',
    'dead-letters list --since 99999999999d',
    'dead-letters list --since 2026-02-31',
    'dead-letters list --since 5',
    'webhooks replay --since 5',
    'webhooks replay --since 2026/03/01',
    'webhooks replay --since 99999999999d',
    'dead-letters list --key …',
    'quarantine list --key …',
    'dead-letters show',
    'status --worker foo',
    'status --worker localhost:http',
    'status --worker ftp://localhost:8091',
    'completion tcsh',
    'trace',
  ])('exits with 2 and an error for an invalid command line: %s', async (words) => {
    const { code, out, error } = await on(words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).not.toBe('');
  });

  it.each([
    ['dead-letters list --reason typo', 'rejected, expired, poison, newer, foreign'],
    ['quarantine list --problem typo', 'unencodable, refused, damaged'],
  ])('exits with 2 and lists the choices for an unknown value: %s', async (words, choices) => {
    const { code, error } = await on(words);
    expect(code).toBe(2);
    expect(error).toContain(`Allowed choices are ${choices}`);
  });

  it.each([
    ['trace', '', "for argument 'name'. Expected a message id, a dedup key"],
    ['dead-letters show', '', "for argument 'id'. Expected the id of a dead letter, as shown by list."],
    ['dead-letters replay m1', '', "for argument 'id'. Expected ids of dead letters, as shown by list."],
    ['dead-letters discard', '', "for argument 'id'. Expected ids of dead letters"],
    ['quarantine show', '', "for argument 'id'. Expected the id of an event, as shown by list."],
    ['quarantine export', '', "for argument 'file'. Expected a new file"],
    ['quarantine replay', '', "for argument 'id'. Expected ids of events"],
    ['scrub', '', "for argument 'file'. Expected an event as JSON, or any text"],
    ['webhooks test', '', "for argument 'destination'. Expected the name of a destination, as shown by list."],
    ['webhooks resume', '', "for argument 'destination'. Expected the name of a destination"],
    ['dead-letters list --key', '', "error: option '--key <key>' argument '' is invalid. It must be a routing key,"],
    ['quarantine list --key', '', "error: option '--key <key>' argument '' is invalid."],
    ['quarantine export --id m1', '', "error: option '--id <id...>' argument '' is invalid."],
    ['trace db1/disk --key', '', "error: option '--key <key>' argument '' is invalid. It must not be empty."],
    ['scrub --rules', '', "error: option '--rules <file>' argument '' is invalid."],
    ['webhooks replay --since 2h --destination', '', "error: option '--destination <name...>' argument '' is invalid."],
  ])('exits with 2 before it connects if a value is empty: %s ""', async (words, value, problem) => {
    const { code, out, error } = await runCli([...words.split(' '), value], UNREACHABLE);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(error).toContain(problem);
  });

  it.each([
    'replay',
    'discard',
    'replay m1 --all',
    'discard --all --key abcd',
    'replay --key abc',
    'list --events --webhooks',
  ])('exits with 2 before it connects if the selection is ambiguous: dead-letters %s', async (words) => {
    expect((await on(`dead-letters ${words}`)).code).toBe(2);
  });

  it.each([
    '--help',
    'help',
    'help status',
    'dead-letters help list',
    'status --help',
    'dead-letters replay --help',
    'trace --help',
    '--version',
  ])('prints %s to standard output and exits with 0', async (words) => {
    const { code, out, error } = await on(words);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).not.toBe('');
  });

  it('reports an unreachable broker in one line, without the password', async () => {
    const { code, out, error } = await on('dead-letters list');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(error).toMatch(/^pdaltagent: the broker is unreachable: .*ECONNREFUSED.*\n$/);
    expect(error).not.toContain('s3cret');
  });

  it.each(['status', 'status --json'])('does not print a password in a URL: %s', async (words) => {
    const url = 'http://me:s3cret@127.0.0.1:1';
    const environment = {
      ...UNREACHABLE,
      PDAGENTD_REDIS_URL: 'redis://me:s3cret@127.0.0.1:1',
      PDAGENTD_EVENTS_BASE_URL: url,
      PDAGENTD_API_BASE_URL: url,
      PDAGENTD_API_TOKEN: 'token',
    };
    const { code, out } = await on(`${words} --worker ${url}`, environment);
    expect(code).toBe(1);
    expect(out.match(/http:\/\/me:…@127\.0\.0\.1:1/g)).toHaveLength(3);
    expect(out).not.toContain('s3cret');
  });

  it('exits with 78 if the configuration is invalid', async () => {
    const { code, error } = await on('dead-letters list', { PDAGENTD_AMQP_URL: 'http://broker' });
    expect(code).toBe(78);
    expect(error).toContain('PDAGENTD_AMQP_URL is set to a secret that is not shown');
  });
});

it.each([
  '',
  'status',
  'trace',
  'scrub',
  'completion',
  ...['list', 'show', 'replay', 'discard'].map((name) => `dead-letters ${name}`),
  ...['list', 'show', 'export', 'replay', 'discard'].map((name) => `quarantine ${name}`),
  ...['list', 'test', 'replay', 'resume'].map((name) => `webhooks ${name}`),
])('the help of "%s" has an example, and no line over 120 characters', async (words) => {
  const { out } = await on(`${words} --help`.trim());
  expect(out).toMatch(/\nexamples?:\n {2}\S/);
  expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
});

describe('pd-queue', () => {
  const queue = (words: string) => runCli(words === '' ? [] : words.split(' '), UNREACHABLE, { name: 'pd-queue' });

  it.each([
    ['retry', 'A specific service key or a flag for all keys required'],
    ['retry -a -k KEY', 'Only one of specific service key or flag for all keys required'],
    ['', 'the following arguments are required: command'],
    ['drop', "argument command: invalid choice: 'drop' (choose from 'status', 'retry')"],
    ['status -a', 'unrecognized arguments: -a'],
    ['retry --service-key=', 'argument -k/--service-key: expected one argument'],
    ['status --service-key=', 'argument -k/--service-key: expected one argument'],
  ])('prints PagerDuty Agent’s message and exits with 2: %s', async (words, message) => {
    const { code, error } = await queue(words);
    expect(code).toBe(2);
    expect(error).toBe(`usage: pd-queue [-h] {status,retry} ...\npd-queue: error: ${message}\n`);
  });

  it('exits with 2 for an unknown option, 1 if the broker is unreachable, 0 after --help', async () => {
    expect((await queue('status --nope')).code).toBe(2);
    expect(await queue('status')).toMatchObject({
      code: 1,
      error: expect.stringMatching(/^pd-queue: the broker is/) as string,
    });
    expect((await queue('--help')).code).toBe(0);
    expect(await queue('--version')).toMatchObject({ code: 0, out: 'pd-queue development\n' });
  });
});
