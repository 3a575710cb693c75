import { testServers } from '@pdaltagent/testing';
import { declareTopologies, runCli } from '../cli.fixture';
import { accepted, deadLettered, delivered, failed, messageOf } from '../journal/journal.fixture';
import { writeFacts } from '../journal/real-journal.fixture';

const PERSON = 'ann@example.com';
const MESSAGES = [
  messageOf({ id: 'e1', accepted: Date.now() - 3_000 }),
  messageOf({ id: 'e2', accepted: Date.now() - 2_000, alert: 'web9/cpu', key: '…77ff' }),
  messageOf({ id: 'e3', accepted: Date.now() - 1_000, alert: PERSON }),
] as const;
const [DISK, CPU, LOGIN] = MESSAGES;

let url: string;
const run = (...words: string[]) => runCli(words, { PDAGENTD_AMQP_URL: url }, { now: Date.now() });

async function records(...words: string[]): Promise<readonly Record<string, unknown>[]> {
  const { code, out } = await run('events', '--json', ...words);
  expect(code).toBe(0);
  return out
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

beforeAll(async () => {
  ({ amqpUrl: url } = await testServers());
  await declareTopologies(url);
});

it('says that there is no journal yet', async () => {
  const { code, out, error } = await run('events');
  expect([code, out]).toEqual([1, '']);
  expect(error).toMatch(/^pdaltagent: RabbitMQ has no stream 'pdaltagent.journal' yet: .*\n$/);
});

describe('with a journal', () => {
  beforeAll(async () => {
    await writeFacts(url, 'delivery-worker', [failed(DISK), delivered(DISK, 2), deadLettered(CPU)]);
    await writeFacts(url, 'ingest-gateway', [
      accepted(DISK),
      accepted(CPU, { summary: 'Load is high' }),
      accepted(LOGIN, { summary: `Login of ${PERSON} failed` }),
    ]);
  });

  it('lists what became of each message, the newest last', async () => {
    const { code, out, error } = await run('events');
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.replace(/ {2,}/g, '|'))).toEqual([
      'ACCEPTED|STATE|TRIES|KEY|ACTION|ID|ALERT|SUMMARY',
      expect.stringMatching(/^20.*Z\|delivered\|2\|…d1a6\|trigger\|e1\|db1\/disk\|Disk is full$/),
      expect.stringMatching(/Z\|dead-letter: rejected 400\|0\|…77ff\|trigger\|e2\|web9\/cpu\|Load is high$/),
      expect.stringMatching(/Z\|waiting\|0\|…d1a6\|trigger\|e3\|ann@example.com\|Login of ann@example.com failed$/),
      '',
    ]);
    expect(error).toMatch(/^the journal has nothing from before .*\n3 messages since .*\n$/);
  });

  it('selects by words, key and state', async () => {
    expect(await records('LOAD')).toMatchObject([
      { id: 'e2', state: 'dead-letter', problem: 'rejected 400', family: 'events', delivered_at: null },
    ]);
    expect(await records('--key', '77ff')).toMatchObject([{ id: 'e2' }]);
    expect(await records('--state', 'undelivered')).toMatchObject([{ id: 'e2' }, { id: 'e3' }]);
    expect(await records('--state', 'delivered')).toMatchObject([{ id: 'e1', attempts: 2 }]);
  });

  it('prints nothing and says so if nothing matches', async () => {
    const { code, out, error } = await run('events', 'nonsense');
    expect([code, out]).toEqual([0, '']);
    expect(error).toContain('no messages since');
  });

  it('refuses a state that there is not', async () => {
    const { code, error } = await run('events', '--state', 'lost');
    expect([code, error]).toEqual([2, expect.stringContaining('It must be of waiting, delivered')]);
  });

  it('tells the history of a delivered event, in order of cause', async () => {
    const { code, out } = await run('trace', 'e1');
    expect(code).toBe(0);
    const history = out.slice(out.indexOf('history of')).split('\n');
    expect(history.slice(0, 2)).toEqual([
      'history of e1: trigger of db1/disk, key …d1a6: delivered',
      '  Disk is full (critical, db1)',
    ]);
    expect(
      history.slice(2, 5).map((line) =>
        line
          .replace(/ on .*?(?=:|$)/, '')
          .trim()
          .slice(24)
          .trim(),
      ),
    ).toEqual([
      'accepted by ingest-gateway: 312 bytes',
      'attempt 1: server-error 503 after 120 ms, by delivery-worker',
      'attempt 2: delivered, 202 after 98 ms, by delivery-worker',
    ]);
  });

  it('finds the history of an alert by its dedup key', async () => {
    const { out } = await run('trace', 'web9/cpu', '--json');
    const report = JSON.parse(out) as { found: boolean; history: { messages: { id: string; facts: unknown[] }[] } };
    expect(report).toMatchObject({
      found: true,
      history: {
        messages: [{ id: 'e2', state: 'dead-letter', facts: [{ kind: 'accepted' }, { kind: 'dead-lettered' }] }],
      },
    });
  });

  it('erases the texts of a person’s messages, which are then shown without them and not found by them', async () => {
    const dry = await run('dead-letters', 'erase', '--text', PERSON, '--only', 'journal', '--dry-run');
    expect([dry.code, dry.error]).toEqual([0, '1 message in the journal found\n']);
    const { code, error } = await run('dead-letters', 'erase', '--text', PERSON, '--only', 'journal', '--yes');
    expect([code, error]).toEqual([0, '1 message in the journal found, 1 erased\n']);
    expect(await records(PERSON)).toEqual([]);
    expect(await records('--id', 'e3')).toMatchObject([{ id: 'e3', alert: null, summary: null, erased: true }]);
    const { out } = await run('trace', 'e3');
    expect(out).toContain('history of e3: trigger, key …d1a6: waiting\n  (erased)\n');
    expect(out).not.toContain(PERSON);
    const again = await run('dead-letters', 'erase', '--text', PERSON, '--only', 'journal', '--yes');
    expect([again.code, again.error]).toEqual([0, '0 messages in the journal found, 0 erased\n']);
  });
});
