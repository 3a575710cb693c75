import { EVENTS, WEBHOOKS } from '@pdaltagent/messaging';
import { testServers } from '@pdaltagent/testing';
import {
  declareTopologies,
  KEY,
  MINUTE,
  NOW,
  OTHER_KEY,
  publishDeadLetters,
  purgeQueues,
  runCli,
  waitingInLane,
} from '../cli.fixture';

let url: string;
let redisUrl: string;
const deadLetters = (words: string, options: { answer?: string } = {}) =>
  runCli(['dead-letters', ...words.split(' ')], { PDAGENTD_AMQP_URL: url, PDAGENTD_REDIS_URL: redisUrl }, options);

async function ids(): Promise<string[]> {
  const { out } = await deadLetters('list --json');
  return (JSON.parse(out) as { id: string }[]).map(({ id }) => id);
}

beforeAll(async () => {
  ({ amqpUrl: url, redisUrl } = await testServers());
  await declareTopologies(url);
});
beforeEach(() => purgeQueues(url));

describe('the list', () => {
  it('shows each dead letter on one line, without the key and without control characters', async () => {
    await publishDeadLetters(url, EVENTS, [{ id: 'm1' }, { id: 'm2', action: 'resolve', key: OTHER_KEY }]);
    const { code, out, error } = await deadLetters('list');
    expect(code).toBe(0);
    expect(error).toBe('2 dead letters\n');
    const [header, first, second, ...rest] = out.split('\n');
    expect(rest).toEqual(['']);
    expect(header).toMatch(/^ID +REASON +STATUS +AGE +KEY +ACTION +ALERT +PROGRESS +ANSWER$/);
    expect(out.split('\n').every((line) => line.length <= 150)).toBe(true);
    expect(first).toMatch(
      /^m1 +rejected +400 +10min +…d1a6 +trigger +db1\/disk +unknown +{"status":"invalid event".*…$/,
    );
    expect(second).toMatch(/^m2 .* …77ff +resolve /);
    expect(out).not.toContain(KEY);
    expect(out).not.toContain('\u001b');
  });

  it('prints the same as JSON, for both lane groups or for selected ones', async () => {
    await publishDeadLetters(url, EVENTS, [
      { id: 'm1' },
      { id: 'm2', headers: { dead_reason: 'expired', dead_status: undefined } },
    ]);
    await publishDeadLetters(url, WEBHOOKS, [{ id: 'w1', type: 'webhook', key: 'a.example-12345678' }]);
    const { out } = await deadLetters('list --json');
    expect(JSON.parse(out)).toEqual([
      {
        id: 'm1',
        family: 'events',
        reason: 'rejected',
        status: 400,
        attempts: 2,
        first_attempt_at: '2027-01-15T07:51:00Z',
        last_attempt_at: '2027-01-15T07:55:00Z',
        dead_at: '2027-01-15T07:55:00Z',
        accepted_at: '2027-01-15T07:50:00Z',
        age_seconds: 600,
        type: 'v2',
        key: '…d1a6',
        action: 'trigger',
        alert: 'db1/disk',
        answer: '{"status":"invalid event","errors":["\'…d1a6\'\u001b[31m is bad"]}',
        went_on: { known: false, action: null, delivered_at: null },
      },
      expect.objectContaining({ id: 'm2', reason: 'expired', status: null }),
      expect.objectContaining({ id: 'w1', family: 'webhooks', key: 'a.example-12345678' }),
    ]);
    const chosen = async (words: string) =>
      (JSON.parse((await deadLetters(`list --json ${words}`)).out) as { id: string }[]).map(({ id }) => id);
    expect(await chosen('--webhooks')).toEqual(['w1']);
    expect(await chosen('--events')).toEqual(['m1', 'm2']);
    expect(await chosen('--reason expired')).toEqual(['m2']);
    expect(await chosen('--key a6')).toEqual(['m1', 'm2']);
  });

  it('can be restricted by time and by number', async () => {
    // They became dead letters five minutes ago, a millisecond apart.
    await publishDeadLetters(url, EVENTS, [
      { id: 'm1', headers: { dead_at: NOW - 60 * MINUTE } },
      { id: 'm2' },
      { id: 'm3' },
    ]);
    const chosen = async (words: string) =>
      (JSON.parse((await deadLetters(`list --json ${words}`)).out) as { id: string }[]).map(({ id }) => id);
    expect(await chosen('--since 6min')).toEqual(['m2', 'm3']);
    expect(await chosen(`--since ${new Date(NOW - 61 * MINUTE).toISOString()}`)).toEqual(['m1', 'm2', 'm3']);
    expect(await chosen('--since 6min --limit 1')).toEqual(['m2']);
    expect((await deadLetters('list --limit 2')).error).toContain('2 of 3 dead letters\n');
  });

  it('reports that there are none', async () => {
    expect(await deadLetters('list')).toMatchObject({ code: 0, out: '', error: 'no dead letters\n' });
    expect((await deadLetters('list --json')).out).toBe('[]\n');
  });
});

describe('show', () => {
  it('shows the body without the key', async () => {
    await publishDeadLetters(url, EVENTS, [{ id: 'm1' }, { id: 'm2' }]);
    const text = await deadLetters('show m2');
    expect(text.code).toBe(0);
    expect(text.out).toContain('id:               m2\n');
    expect(text.out).toContain('{"routing_key":"…d1a6","event_action":"trigger","dedup_key":"db1/disk"}');
    expect(text.out).not.toContain(KEY);
    expect(JSON.parse((await deadLetters('show m2 --json')).out)).toMatchObject({ id: 'm2', encoding: 'utf-8' });
  });

  it('fails if it does not exist', async () => {
    expect(await deadLetters('show nobody')).toMatchObject({
      code: 1,
      out: '',
      error: 'pdaltagent: no dead letter has the id nobody\n',
    });
  });
});

describe('replay', () => {
  it('lists and sends the selected ones, and keeps the others', async () => {
    await publishDeadLetters(url, EVENTS, [{ id: 'm1' }, { id: 'm2', alert: 'db2' }, { id: 'm3', action: 'resolve' }]);
    const { code, out, error } = await deadLetters('replay m1 m3');
    expect(code).toBe(0);
    const rows = out.trimEnd().split('\n');
    expect(rows[0]).toMatch(/^ACTION +AGE +ALERT +KEY +ID +NOTE$/);
    expect(rows[1]).toMatch(/^trigger +10 min +db1\/disk +…d1a6 +m1 +later progress of the alert is unknown$/);
    expect(rows[2]).toMatch(/^resolve +10 min +db1\/disk +…d1a6 +m3 +later progress of the alert is unknown$/);
    expect(error).toBe('2 of 2 dead letters replayed\n');
    expect(await waitingInLane(url)).toBe(2);
    expect(await ids()).toEqual(['m2']);
  });

  it('skips triggers older than an hour, and vendor events that may be triggers, unless --stale is given', async () => {
    const ageMs = 61 * MINUTE;
    await publishDeadLetters(url, EVENTS, [
      { id: 'old', ageMs },
      { id: 'vendor', ageMs, type: 'integration' },
      { id: 'resolve', ageMs, action: 'resolve' },
      { id: 'again', ageMs: MINUTE, headers: { original_received_at: 1_700_000_000_000 } },
    ]);
    const { code, out, error } = await deadLetters('replay --all');
    expect(code).toBe(0);
    expect(out).toMatch(/trigger .* old +skipped: stale\n/);
    expect(error).toContain('3 dead letters older than an hour would open an alert');
    expect(await ids()).toEqual(['old', 'vendor', 'again']);
    expect((await deadLetters('replay old')).code).toBe(1);
    expect((await deadLetters('replay --all --stale')).code).toBe(0);
    expect(await ids()).toEqual([]);
    expect(await waitingInLane(url)).toBe(4);
  });

  it('warns of later progress of the alert, and of messages waiting in the lane', async () => {
    await publishDeadLetters(url, EVENTS, [{ id: 'm1' }, { id: 'm2' }, { id: 'm3', action: 'resolve' }]);
    const { out } = await deadLetters('replay m2');
    expect(out).toMatch(
      /m2 +1 earlier event of the alert remains among the dead letters; 1 later event of the alert is also among the dead letters; later/,
    );
    expect((await deadLetters('replay m3')).error).toMatch(
      /1 message\(s\) already wait in lane \d+ and are sent first/,
    );
  });

  it('asks for confirmation on a terminal, and does nothing without a yes', async () => {
    await publishDeadLetters(url, EVENTS, [{ id: 'm1' }]);
    const declined = await deadLetters('replay --all', { answer: '' });
    expect(declined).toMatchObject({ code: 1, questions: ['Replay 1 dead letter? [y/N] '] });
    expect(await ids()).toEqual(['m1']);
    expect((await deadLetters('replay --all --yes', { answer: '' })).questions).toEqual([]);
    expect(await ids()).toEqual([]);
  });

  it('accepts the end of a key if it is unambiguous', async () => {
    await publishDeadLetters(url, EVENTS, [
      { id: 'm1' },
      { id: 'm2', key: OTHER_KEY },
      { id: 'm3', key: `X${KEY.slice(1)}` },
    ]);
    expect(await deadLetters('replay --key …d1a6')).toMatchObject({
      code: 2,
      error: expect.stringContaining('2 different keys') as string,
    });
    expect((await deadLetters('replay --key 77ff')).code).toBe(0);
    expect((await deadLetters(`replay --key ${KEY}`)).code).toBe(0);
    expect(await ids()).toEqual(['m3']);
  });

  it('sends a dead letter once if a crash left two copies', async () => {
    await publishDeadLetters(url, EVENTS, [{ id: 'm1' }, { id: 'm1' }]);
    expect(await deadLetters('replay m1')).toMatchObject({ code: 0, error: '1 of 1 dead letter replayed\n' });
    expect(await waitingInLane(url)).toBe(1);
    expect(await ids()).toEqual([]);
  });

  it('removes all of a hundred that it reports as sent, and prints the same as JSON', async () => {
    await publishDeadLetters(
      url,
      EVENTS,
      Array.from({ length: 100 }, (_, index) => ({ id: `m${index}`, alert: `db${index}` })),
    );
    await publishDeadLetters(url, EVENTS, [{ id: 'old', ageMs: 61 * MINUTE }]);
    const { code, out, error } = await deadLetters('replay --all --json');
    expect(code).toBe(0);
    expect(error).toContain('100 of 100 dead letters replayed\n');
    const report = JSON.parse(out) as { letters: unknown[] };
    expect(report).toMatchObject({ sent: 100, left: [], missing: [], error: null });
    expect(report.letters).toHaveLength(101);
    expect(report.letters.at(-1)).toEqual({
      id: 'old',
      family: 'events',
      action: 'trigger',
      alert: 'db1/disk',
      key: '…d1a6',
      age_seconds: 3_660,
      stays: 'stale',
      note: 'skipped: stale',
    });
    expect(await ids()).toEqual(['old']);
    expect(await waitingInLane(url)).toBe(100);
  });

  it('reports ids that do not exist', async () => {
    expect(await deadLetters('replay nobody')).toMatchObject({
      code: 1,
      error: 'no dead letters to send\nno dead letter has the id nobody\n',
    });
  });
});

describe('discard', () => {
  it('removes the selected ones after confirmation', async () => {
    await publishDeadLetters(url, EVENTS, [{ id: 'm1' }, { id: 'm2' }, { id: 'm3' }]);
    expect((await deadLetters('discard m2', { answer: 'no' })).code).toBe(1);
    expect(await ids()).toEqual(['m1', 'm2', 'm3']);
    expect(await deadLetters('discard m2', { answer: 'y' })).toMatchObject({
      code: 0,
      error: '1 dead letter discarded\n',
    });
    expect(await ids()).toEqual(['m1', 'm3']);
    expect((await deadLetters('discard --all --yes')).code).toBe(0);
    expect(await ids()).toEqual([]);
  });

  it('removes nothing without a terminal unless --yes is given', async () => {
    await publishDeadLetters(url, EVENTS, [{ id: 'm1' }]);
    expect(await deadLetters('discard --all')).toMatchObject({
      code: 2,
      error: 'pdaltagent: this cannot be undone: without a terminal, --yes is required\n',
    });
    expect(await ids()).toEqual(['m1']);
  });

  it('removes all of a hundred that it reports as discarded, and prints the same as JSON', async () => {
    await publishDeadLetters(
      url,
      EVENTS,
      Array.from({ length: 100 }, (_, index) => ({ id: `m${index}` })),
    );
    const { code, out, error } = await deadLetters('discard --all --yes --json');
    expect({ code, error }).toEqual({ code: 0, error: '100 dead letters discarded\n' });
    expect(JSON.parse(out)).toEqual({ discarded: 100, left: [], missing: [], error: null });
    expect(await ids()).toEqual([]);
    expect(JSON.parse((await deadLetters('discard m1 --yes --json')).out)).toEqual({
      discarded: 0,
      left: [],
      missing: ['m1'],
      error: null,
    });
  });
});

describe('pd-queue', () => {
  const queue = (words: string) => runCli(words.split(' '), { PDAGENTD_AMQP_URL: url }, { name: 'pd-queue' });

  it('prints PagerDuty Agent’s table', async () => {
    expect(await queue('status')).toMatchObject({ code: 0, out: 'Nothing to report.\n' });
    await publishDeadLetters(url, EVENTS, [{ id: 'm1', key: OTHER_KEY }, { id: 'm2' }, { id: 'm3', key: OTHER_KEY }]);
    const table = [
      'Service Key                           Pending   Success  In Error',
      '='.repeat(65),
      `${OTHER_KEY}            -         -         2`,
      `${KEY}            -         -         1`,
      '',
    ];
    expect((await queue('status')).out.split('\n')).toEqual(table);
    expect((await queue(`status -k ${KEY}`)).out).toContain(`${KEY} `);
    expect((await queue(`status -k ${KEY}`)).out).not.toContain(OTHER_KEY);
  });

  it('retries one key or all keys, including old events', async () => {
    await publishDeadLetters(url, EVENTS, [
      { id: 'm1', ageMs: 100 * MINUTE },
      { id: 'm2', key: OTHER_KEY },
    ]);
    expect(await queue(`retry -k ${KEY}`)).toMatchObject({ code: 0, out: '1 event(s) set up for retry.\n' });
    expect((await queue('status')).error).toContain('1 event(s) of all keys are waiting to be sent');
    expect(await queue('retry -a')).toMatchObject({ code: 0, out: '1 event(s) set up for retry.\n' });
    expect(await queue('retry --all-keys')).toMatchObject({ code: 0, out: '0 event(s) set up for retry.\n' });
    expect(await ids()).toEqual([]);
  });

  it('leaves none of a hundred in error that it reports as set up for retry', async () => {
    await publishDeadLetters(
      url,
      EVENTS,
      Array.from({ length: 100 }, (_, index) => ({ id: `m${index}`, alert: `db${index}` })),
    );
    expect(await queue('retry -a')).toMatchObject({ code: 0, out: '100 event(s) set up for retry.\n' });
    expect(await queue('status')).toMatchObject({ out: 'Nothing to report.\n' });
  });
});
