import { EVENTS, laneKey, laneQueue } from '@pdaltagent/messaging';
import { FaultProxy, testServers, waitUntil } from '@pdaltagent/testing';
import { Registry } from 'prom-client';
import { DeadLetterQueue } from '../dead-letter-queue';
import { DeadLetterQueueBench, deadLettersIn, idsIn, numberedIds } from '../dead-letter-queue.fixture';
import { message, writeDeadLetters } from '../dead-letters.fixture';
import { DeadLetterRetention, type RetentionOptions } from './retention';
import { sweep } from './sweep';

const DAY_MS = 86_400_000;
const NOW = 1_800_000_000_000;
const MONTH = { maximumAgeMs: 30 * DAY_MS, maximumBytes: undefined };

const bench = DeadLetterQueueBench.prepare(testServers);
const retentions: DeadLetterRetention[] = [];
afterEach(async () => {
  await Promise.all(retentions.splice(0).map((retention) => retention.stop()));
});

/** Dead letters of these ages in days, named m0, m1, …; their bodies have 1,000 bytes. */
async function writeAged(...days: readonly number[]): Promise<void> {
  await writeDeadLetters(
    bench.url,
    days.map((_, index) => message(`m${index}`, 'db1', 'x'.repeat(1_000))),
    (index) => ({ dead_reason: 'rejected', dead_at: NOW - (days[index] ?? 0) * DAY_MS }),
  );
}

const open = async (url = bench.url) => DeadLetterQueue.open(await bench.client(url), EVENTS);

interface Running {
  readonly logged: (readonly [level: string, message: string, fields: unknown])[];
  readonly metric: (name: string) => Promise<unknown[]>;
  responsible: boolean;
}

function startRetention(options: Partial<RetentionOptions> = {}, responsible = true): Running {
  const metrics = new Registry();
  const logged: Running['logged'] = [];
  const record = (level: string) => (text: string, fields?: unknown) => void logged.push([level, text, fields]);
  const running: Running = {
    logged,
    responsible,
    metric: async (name) => (await metrics.getSingleMetric(name)?.get())?.values.map(({ value }) => value) ?? [],
  };
  const retention = new DeadLetterRetention({
    url: bench.url,
    name: 'test',
    laneGroup: EVENTS,
    limits: MONTH,
    isResponsible: () => running.responsible,
    now: () => Promise.resolve(NOW),
    metrics,
    prefix: 'test',
    log: { info: record('info'), warn: record('warn'), error: record('error') },
    firstAfterMs: 0,
    everyMs: 200,
    ...options,
  });
  retentions.push(retention);
  retention.start();
  return running;
}

/** Until it has read the queue at least once; it may be reading it again. */
const hasSwept = (running: Running) =>
  waitUntil(async () => (await running.metric('test_dead_letters_stored')).length > 0, { what: 'a sweep' });

/** Stops every retention first, so that none has the queue. */
async function idsLeft(): Promise<string[]> {
  await Promise.all(retentions.splice(0).map((retention) => retention.stop()));
  return idsIn(await open());
}

describe('a sweep', () => {
  it('deletes what is too old and keeps the order of the others', async () => {
    await writeAged(40, 1, 31, 2, 0);
    const queue = await open();
    expect(await sweep(queue, MONTH, NOW)).toMatchObject({
      deletedByAge: 2,
      deletedBySize: 0,
      oldestDeleted: NOW - 40 * DAY_MS,
      newestDeleted: NOW - 31 * DAY_MS,
      isConfirmed: true,
      left: 3,
      oldestLeft: NOW - 2 * DAY_MS,
    });
    expect(await idsIn(queue)).toEqual(['m1', 'm3', 'm4']);
  });

  it('deletes the oldest of more than the size allows', async () => {
    await writeAged(3, 5, 4, 1, 2);
    const queue = await open();
    const { deletedBySize, leftBytes } = await sweep(queue, { maximumAgeMs: undefined, maximumBytes: 5_000 }, NOW);
    expect(deletedBySize).toBe(2);
    expect(leftBytes).toBeGreaterThan(3_000);
    expect(leftBytes).toBeLessThanOrEqual(5_000);
    expect(await idsIn(queue)).toEqual(['m0', 'm3', 'm4']);
  });

  it('deletes all of a thousand scattered ones, and no other', async () => {
    const days = numberedIds(2_000).map((_, index) => (index % 2) * 40);
    await writeAged(...days);
    const queue = await open();
    expect(await sweep(queue, MONTH, NOW)).toMatchObject({ deletedByAge: 1_000, left: 1_000, isConfirmed: true });
    expect(await idsIn(queue)).toEqual(numberedIds(2_000).filter((_, index) => index % 2 === 0));
  });

  it('that loses its connection leaves what it has not deleted, and everything newer, in order', async () => {
    const days = numberedIds(300).map((_, index) => (index < 200 ? 40 : 1));
    await writeAged(...days);
    const proxy = await FaultProxy.start(bench.url);
    const queue = await open(proxy.url(bench.url));
    let seen = 0;
    const interrupted = queue.visitAll(
      () => {
        if ((seen += 1) === 300) void proxy.inject({ kind: 'down' });
      },
      (remover) => {
        for (let tag = 1; tag <= 200; tag += 1) remover.remove(tag);
        return Promise.resolve();
      },
    );
    await interrupted.catch(() => undefined);
    await proxy.stop();
    const again = await waitUntil(() => open().catch(() => false as const), { what: 'the queue to be released' });
    await waitUntil(async () => (await again.count()) >= 100, { what: 'them to be back' });
    const left = await idsIn(again);
    expect(left).toEqual(numberedIds(300).slice(300 - left.length));
    await sweep(again, MONTH, NOW);
    expect(await idsIn(again)).toEqual(numberedIds(300).slice(200));
  });

  it('knows the time of what the broker dead-lettered itself', async () => {
    const channel = await (await bench.client()).channel();
    // A lane has one consumer, so the test takes a lane that no other test uses.
    channel.publish(EVENTS.exchange, laneKey(31), Buffer.from('{}'), { messageId: 'rejected', persistent: true });
    await channel.consume(laneQueue(EVENTS, 31), (delivery) => delivery && channel.reject(delivery, false));
    const queue = await open();
    const [deadLetter] = await waitUntil(
      async () => {
        const found = await deadLettersIn(queue);
        return found.length > 0 && found;
      },
      { what: 'the dead letter' },
    );
    expect(deadLetter).toMatchObject({ id: 'rejected', reason: 'rejected' });
    expect(Math.abs((deadLetter?.deadAt ?? 0) - Date.now())).toBeLessThan(60_000);
  });
});

describe('the retention', () => {
  it('deletes what is over a limit, counts it, and logs each sweep that deleted something once', async () => {
    await writeAged(40, 35, 1);
    const running = startRetention();
    await hasSwept(running);
    await writeDeadLetters(bench.url, [message('late')], () => ({
      dead_reason: 'expired',
      dead_at: NOW - 50 * DAY_MS,
    }));
    await waitUntil(() => running.logged.length === 2, { what: 'the second sweep' });
    expect(await running.metric('test_dead_letters_deleted_total')).toEqual([3, 0]);
    expect(await running.metric('test_dead_letters_limit_seconds')).toEqual([30 * 86_400]);
    expect(await running.metric('test_dead_letters_limit_bytes')).toEqual([]);
    await waitUntil(async () => (await running.metric('test_dead_letters_stored'))[0] === 1, { what: 'the metric' });
    expect(running.logged).toEqual([
      [
        'warn',
        'dead letters over a limit were deleted',
        expect.objectContaining({ tooOld: 2, tooMuch: 0, left: 1, oldest: new Date(NOW - 40 * DAY_MS).toISOString() }),
      ],
      ['warn', 'dead letters over a limit were deleted', expect.objectContaining({ tooOld: 1, left: 1 })],
    ]);
    expect(await idsLeft()).toEqual(['m2']);
  });

  it('reports each dead letter that it deleted, with the limit that it was over, and no other', async () => {
    const expired: string[] = [];
    await writeAged(40, 5, 3, 1);
    const limits = { maximumAgeMs: 30 * DAY_MS, maximumBytes: 3_400 };
    await hasSwept(startRetention({ limits, onExpired: (id, limit) => expired.push(`${id}: ${limit}`) }));
    expect(await idsLeft()).toEqual(['m2', 'm3']);
    expect(expired).toEqual(['m0: age', 'm1: size']);
  });

  it('keeps an event that was received lately, although the clock of the worker that gave it up was far behind', async () => {
    const lately = { ...message('m0'), receivedAt: NOW - DAY_MS };
    await writeDeadLetters(bench.url, [lately], () => ({ dead_reason: 'rejected', dead_at: NOW - 50 * DAY_MS }));
    await hasSwept(startRetention());
    expect(await idsLeft()).toEqual(['m0']);
  });

  it('deletes nothing for its age while no clock can be trusted', async () => {
    await writeAged(40, 1);
    await hasSwept(startRetention({ now: () => Promise.resolve(undefined) }));
    expect(await idsLeft()).toEqual(['m0', 'm1']);
  });

  it('is left to one worker', async () => {
    await writeAged(40, 1);
    const idle = startRetention({}, false);
    const working = startRetention();
    await hasSwept(working);
    expect(await idle.metric('test_dead_letters_stored')).toEqual([]);
    expect(idle.logged).toEqual([]);
    working.responsible = false;
    expect(await working.metric('test_dead_letters_stored')).toEqual([]);
    idle.responsible = true;
    await hasSwept(idle);
    expect(await idsLeft()).toEqual(['m1']);
  });

  it('waits for an operator who reads the dead letters', async () => {
    await writeAged(40, 1);
    const client = await bench.client();
    const queue = await DeadLetterQueue.open(client, EVENTS);
    const running = startRetention();
    await waitUntil(() => running.logged.length > 0, { what: 'a sweep that finds the queue in use' });
    expect(running.logged[0]?.slice(0, 2)).toEqual([
      'info',
      'dead letters were not checked against their limits: trying again later',
    ]);
    expect(await idsIn(queue)).toEqual(['m0', 'm1']);
    await client.close();
    await hasSwept(running);
    expect(await idsLeft()).toEqual(['m1']);
  });

  it('reads the queue again only if something may have changed', async () => {
    await writeAged(1);
    const running = startRetention();
    await hasSwept(running);
    const channel = await (await bench.client()).channel();
    const visits = jest.spyOn(DeadLetterQueue.prototype, 'visitAll');
    const counted = jest.spyOn(DeadLetterQueue.prototype, 'count');
    await waitUntil(() => counted.mock.calls.length >= 3, { what: 'three more sweeps' });
    expect(visits).not.toHaveBeenCalled();
    await channel.purgeQueue(EVENTS.deadLetters);
    await waitUntil(async () => (await running.metric('test_dead_letters_stored'))[0] === 0, { what: 'the change' });
    jest.restoreAllMocks();
  });
});
