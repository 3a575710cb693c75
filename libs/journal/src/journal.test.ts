import { JOURNAL } from '@pdaltagent/messaging';
import { randomBytes } from 'node:crypto';
import { type FactContent } from './fact';
import { SimulatedJournal } from './simulated-journal.fixture';

const MINUTE_MS = 60_000;

/** A fact with a number, so that its place is seen. */
const fact = (number: number): FactContent => ({ kind: 'lane-taken', group: 'events', lane: number });

/** One that deflate cannot make much smaller. */
const large = (number: number, bytes: number): FactContent => {
  const target = randomBytes((bytes * 3) / 4).toString('base64');
  return { kind: 'operator-action', by: 'jane', action: String(number), target };
};

const numbers = (world: SimulatedJournal): readonly number[] =>
  world.facts.flatMap((each) => (each.kind === 'lane-taken' ? [each.lane] : []));

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe('the journal', () => {
  it('writes facts in order, with their times, from the start of its process to its end', async () => {
    const world = new SimulatedJournal();
    world.journal.start();
    await world.scheduler.runFor(1_000);
    for (const number of upTo(1_200)) world.journal.record(fact(number));
    await world.scheduler.run(world.journal.stop());
    expect(numbers(world)).toEqual(upTo(1_200));
    expect(world.facts[0]).toMatchObject({ kind: 'started', version: '1.2.3', at: Date.UTC(2026, 0, 1) });
    expect(world.facts[1]).toMatchObject({ at: Date.UTC(2026, 0, 1) + 1_000 });
    expect(world.facts.at(-1)).toMatchObject({ kind: 'stopped', version: '1.2.3' });
    expect(world.batches.map(({ sequence }) => sequence)).toEqual(upTo(world.batches.length));
    expect(world.counts).toMatchObject({ written: 1_202, dropped: 0, waiting: 0 });
  });

  it('has a fact in the stream a quarter of a second later, together with those since', async () => {
    const world = new SimulatedJournal();
    world.journal.start();
    await world.scheduler.runFor(1_000);
    const before = world.batches.length;
    for (const number of upTo(20)) {
      world.journal.record(fact(number));
      await world.scheduler.runFor(10);
    }
    await world.scheduler.runFor(200);
    expect(world.batches.length).toBe(before + 1);
    expect(numbers(world)).toEqual(upTo(20));
  });

  it('tells whether what was recorded is in the stream', async () => {
    const world = new SimulatedJournal();
    world.isDown = true;
    world.journal.start();
    expect(await world.scheduler.run(world.journal.flush(5_000))).toBe(false);
    world.isDown = false;
    expect(await world.scheduler.run(world.journal.flush(5_000))).toBe(true);
    expect(world.facts).toHaveLength(1);
  });

  it('has less text if it is to have less', async () => {
    const world = new SimulatedJournal({ text: 'none' });
    world.journal.start();
    world.journal.record({
      kind: 'accepted',
      group: 'events',
      id: 'an id',
      type: 'v2',
      key: '…d1a6',
      alert: 'jane',
      accepted: 1,
      bytes: 2,
      summary: 'Jane',
    });
    await world.scheduler.run(world.journal.stop());
    expect(world.facts.map(({ kind }) => kind)).toContain('accepted');
    expect(JSON.stringify(world.facts)).not.toMatch(/jane/i);
  });

  it('loses nothing and repeats no number while the broker restarts again and again', async () => {
    const world = new SimulatedJournal();
    world.journal.start();
    for (const number of upTo(600)) {
      world.journal.record(fact(number));
      if (number % 50 === 49) world.broker.restart();
      await world.scheduler.runFor(100);
    }
    await world.scheduler.runFor(MINUTE_MS);
    await world.scheduler.run(world.journal.stop());
    const bySequence = new Map(world.batches.map((batch) => [batch.sequence, batch]));
    const once = [...bySequence.values()].sort((a, b) => a.sequence - b.sequence).flatMap(({ facts }) => facts);
    expect(once.flatMap((each) => (each.kind === 'lane-taken' ? [each.lane] : []))).toEqual(upTo(600));
    expect([...bySequence.keys()].sort((a, b) => a - b)).toEqual(upTo(bySequence.size));
  });

  it('declares the stream again after it was deleted, over the same connection', async () => {
    const world = new SimulatedJournal();
    world.journal.start();
    await world.scheduler.runFor(1_000);
    await world.administer(async (connection) => (await connection.createChannel()).deleteQueue(JOURNAL));
    world.journal.record(fact(1));
    await world.scheduler.runFor(5_000);
    expect(numbers(world)).toEqual([1]);
    expect(world.connections).toHaveLength(1);
    expect(world.warnings()).toHaveLength(1);
  });
});

describe('while the broker does not take facts, the journal', () => {
  it('keeps 4 MiB, drops the oldest, and tells how many are missing from when to when', async () => {
    const world = new SimulatedJournal();
    world.isDown = true;
    world.journal.start();
    for (const number of upTo(2_000)) {
      world.journal.record(large(number, 8_000));
      await world.scheduler.runFor(10);
    }
    expect(world.counts.mostWaiting).toBeGreaterThan(3_500_000);
    expect(world.counts.mostWaiting).toBeLessThanOrEqual(4_194_304);
    world.isDown = false;
    await world.scheduler.runFor(10_000);
    const kept = world.facts.flatMap((each) => (each.kind === 'operator-action' ? [Number(each.action)] : []));
    expect(kept.at(-1)).toBe(1_999);
    expect(kept).toEqual(upTo(2_000).slice(-kept.length));
    const gap = world.facts.find(({ kind }) => kind === 'gap');
    // The start of the process is one of those that are missing.
    const missing = 2_001 - kept.length;
    const from = Date.UTC(2026, 0, 1);
    expect(gap).toMatchObject({ facts: missing, from, to: from + (missing - 2) * 10 });
    expect(world.counts.dropped).toBe(missing);
    expect(world.facts.filter(({ kind }) => kind === 'gap')).toHaveLength(1);
  });

  it('waits during an alarm, warns of nothing, and writes everything afterwards', async () => {
    const world = new SimulatedJournal();
    world.journal.start();
    await world.scheduler.runFor(1_000);
    world.broker.setAlarm(true);
    for (const number of upTo(100)) {
      world.journal.record(fact(number));
      await world.scheduler.runFor(5_000);
    }
    world.broker.setAlarm(false);
    await world.scheduler.runFor(5_000);
    expect(numbers(world)).toEqual(upTo(100));
    expect(world.connections).toHaveLength(1);
    expect(world.warnings()).toEqual([]);
  });

  it('stops within some seconds', async () => {
    for (const refuse of ['down', 'alarm']) {
      const world = new SimulatedJournal();
      world.isDown = refuse === 'down';
      world.journal.start();
      await world.scheduler.runFor(1_000);
      world.broker.setAlarm(refuse === 'alarm');
      world.journal.record(fact(1));
      await world.scheduler.runFor(1_000);
      const before = world.scheduler.now;
      await world.scheduler.run(world.journal.stop());
      expect(world.scheduler.now - before).toBeLessThanOrEqual(3_000);
    }
  });

  it('stops at once if the broker has taken nothing for a while, so that a restart takes no longer', async () => {
    for (const refuse of ['down', 'refused']) {
      const world = new SimulatedJournal(refuse === 'refused' ? { topologyMode: 'check' } : {});
      world.isDown = refuse === 'down';
      world.journal.start();
      await world.scheduler.runFor(10_000);
      const before = world.scheduler.now;
      await world.scheduler.run(world.journal.stop());
      expect(world.scheduler.now - before).toBeLessThan(100);
    }
  });

  it('does not warn of a stream that another process has just declared and is about to bind', async () => {
    const world = new SimulatedJournal();
    await world.administer(async (connection) => {
      const channel = await connection.createChannel();
      await channel.assertExchange(JOURNAL, 'fanout');
      await channel.assertQueue(JOURNAL);
    });
    world.journal.start();
    world.journal.record(fact(1));
    await world.scheduler.runFor(5_000);
    expect(numbers(world)).toEqual([1]);
    expect(world.warnings()).toEqual([]);
  });

  it('prepares the stream once, also if alarms end meanwhile', async () => {
    const prepare = async (hasAlarms: boolean): Promise<number> => {
      const world = new SimulatedJournal();
      world.journal.start();
      for (let ms = 0; ms < 1_000; ms += 1) {
        await world.scheduler.runFor(1);
        if (!hasAlarms || world.batches.length > 0) continue;
        for (const event of ['blocked', 'unblocked']) world.connections[0]?.emit(event, 'memory');
      }
      expect(world.facts).toMatchObject([{ kind: 'started' }]);
      return world.broker.channelsOpened;
    };
    expect(await prepare(true)).toBe(await prepare(false));
  });

  it('does not ask often for a stream that it may not declare, and warns once', async () => {
    const world = new SimulatedJournal({ topologyMode: 'check' });
    world.journal.start();
    for (const number of upTo(600)) {
      world.journal.record(fact(number));
      await world.scheduler.runFor(1_000);
    }
    expect(world.connections).toHaveLength(1);
    // One for the exchange and one for the stream, about once a minute.
    expect(world.broker.channelsOpened).toBeLessThanOrEqual(30);
    expect(world.warnings()).toEqual([
      'the journal is not written: retrying about every minute; delivery is not affected',
    ]);
    await world.administer(async (connection) => {
      const channel = await connection.createChannel();
      await channel.assertExchange(JOURNAL, 'fanout');
      await channel.assertQueue(JOURNAL);
      await channel.bindQueue(JOURNAL, JOURNAL, '');
    });
    await world.scheduler.runFor(MINUTE_MS + 1_000);
    expect(numbers(world)).toEqual(upTo(600));
    expect(world.log.at(-1)).toMatchObject({ level: 'info', message: 'the journal is written' });
  });

  it('does not connect often to a broker that ends the connection when it is asked for a stream', async () => {
    const world = new SimulatedJournal();
    world.onConnected = (connection) => {
      jest.spyOn(connection, 'createChannel').mockImplementation(() => {
        connection.kill();
        return Promise.reject(new Error('Connection closed: 541 (INTERNAL-ERROR)'));
      });
    };
    world.journal.start();
    await world.scheduler.runFor(10 * MINUTE_MS);
    expect(world.connections.length).toBeLessThanOrEqual(20);
    expect(world.log.length).toBeLessThanOrEqual(6);
  });

  it('does not connect again for a batch that is refused, again and again', async () => {
    const world = new SimulatedJournal();
    world.journal.start();
    await world.scheduler.runFor(1_000);
    // The exchange stays, without a queue: every batch is returned.
    const declare = jest.fn(() => Promise.reject(new Error('no queue')));
    for (const connection of world.connections) jest.spyOn(connection, 'createChannel').mockImplementation(declare);
    await world.administer(async (connection) => (await connection.createChannel()).deleteQueue(JOURNAL));
    for (const number of upTo(600)) {
      world.journal.record(fact(number));
      await world.scheduler.runFor(1_000);
    }
    expect(world.connections).toHaveLength(1);
    expect(declare.mock.calls.length).toBeLessThanOrEqual(20);
    expect(world.warnings()).toHaveLength(1);
    jest.restoreAllMocks();
    await world.scheduler.runFor(2 * MINUTE_MS);
    expect(numbers(world)).toEqual(upTo(600));
  });

  it('gives up a batch that is larger than the broker accepts, and goes on with the next one', async () => {
    const world = new SimulatedJournal();
    world.broker.setMaxMessageSize(10_000);
    world.journal.start();
    await world.scheduler.runFor(1_000);
    world.journal.record(large(0, 100_000));
    await world.scheduler.runFor(1_000);
    world.journal.record(fact(1));
    await world.scheduler.runFor(MINUTE_MS + 1_000);
    expect(numbers(world)).toEqual([1]);
    expect(world.facts.find(({ kind }) => kind === 'gap')).toMatchObject({ facts: 1 });
  });
});
