import { backoffMs } from './backoff';
import { Bench, DELIVERED, FAILED, type TestMessage } from './dispatcher.fixture';

const HANGS = 'hanging';

/** A key with `attempts` attempts in flight for `ms` milliseconds. */
function hanging({ attempts = 20, ms = 2_500, concurrency = 64 } = {}) {
  const bench = new Bench({ concurrency });
  for (let alert = 0; alert < attempts; alert += 1) bench.add(HANGS, String(alert));
  bench.clock.advance(ms);
  return bench;
}

function interrupt(bench: Bench, routingKey = HANGS): readonly TestMessage[] {
  bench.dispatcher.preemption.interrupt(routingKey);
  const messages = [...bench.interrupting];
  bench.finishInterrupting();
  return messages;
}

/** Answers an attempt of each key after `ms` milliseconds. */
function respond(bench: Bench, keys: readonly string[], ms: number): void {
  const messages = keys.map((key) => bench.add(key, 'answered'));
  bench.clock.advance(ms);
  for (const message of messages) bench.settle(message, DELIVERED);
}

describe('a key whose attempts hang while it has to yield', () => {
  it('has them interrupted, which is reported once and does not count as failures', () => {
    const bench = hanging();
    bench.dispatcher.preemption.quiesce(HANGS);
    expect(interrupt(bench)).toHaveLength(20);
    expect(bench.changes).toEqual([{ kind: 'key-interrupted', routingKey: HANGS, attempts: 20 }]);
    expect(bench.dispatcher).toMatchObject({ held: 20, inFlight: 0, openCircuits: 0 });
    bench.dispatcher.preemption.release(HANGS);
    expect(bench.attempting.size).toBe(1);
  });

  it('is tried one attempt at a time, however long that takes, and without that limit once one was answered', () => {
    const bench = hanging();
    interrupt(bench);
    expect(bench.attempting.size).toBe(1);
    bench.clock.advance(14_000);
    const [trial] = [...bench.attempting];
    if (trial === undefined) throw new Error('nothing is tried');
    bench.settle(trial, DELIVERED);
    expect(bench.attempting.size).toBeGreaterThan(1);
  });

  it('uses only a few slots for a minute, in case it is just slow', () => {
    const bench = hanging({ attempts: 200, concurrency: 64 });
    interrupt(bench);
    const respondToAll = () => {
      for (const message of [...bench.attempting]) bench.settle(message, DELIVERED);
    };
    respondToAll();
    expect(bench.attempting.size).toBe(4);
    bench.clock.advance(60_000);
    respondToAll();
    expect(bench.attempting.size).toBe(64);
  });

  it('may use all slots again after an outage, of which it was not the cause', () => {
    const bench = hanging({ attempts: 200, concurrency: 64 });
    interrupt(bench);
    for (let key = 0; key < 20; key += 1) bench.settle(bench.add(`key-${key}`, 'a'), FAILED);
    expect(bench.dispatcher.openCircuits).toBe(1);
    for (let round = 0; round < 2; round += 1) {
      for (const message of [...bench.attempting]) bench.settle(message, DELIVERED);
    }
    expect(bench.dispatcher.openCircuits).toBe(0);
    expect(bench.attempting.size).toBe(64);
  });

  it('uses only a few slots if others succeeded while it opened the circuit', () => {
    const bench = hanging({ attempts: 200, concurrency: 64 });
    interrupt(bench);
    for (let attempt = 0; bench.dispatcher.openCircuits === 0; attempt += 1) {
      for (const message of [...bench.attempting]) bench.settle(message, FAILED);
      bench.clock.advance(backoffMs(attempt, 1));
    }
    bench.settle(bench.add('other', 'a'), DELIVERED);
    expect(bench.dispatcher.openCircuits).toBe(0);
    bench.clock.advance(1_000);
    for (const message of [...bench.attempting]) bench.settle(message, DELIVERED);
    expect(bench.attempting.size).toBe(4);
  });

  it('is not blamed for the time in which its attempts were not sent yet', () => {
    const bench = hanging();
    for (const message of bench.attempting) bench.dispatcher.attemptStarts(message);
    expect(bench.dispatcher.preemption.isStalled(HANGS)).toBe(false);
    expect(interrupt(bench)).toEqual([]);
    bench.clock.advance(2_500);
    expect(bench.dispatcher.preemption.isStalled(HANGS)).toBe(true);
    expect(interrupt(bench)).toHaveLength(20);
  });

  it('keeps recent attempts: they may still be answered', () => {
    const bench = hanging();
    const young = bench.add(HANGS, 'young');
    bench.dispatcher.preemption.quiesce(HANGS);
    expect(interrupt(bench)).toEqual([]);
    bench.settle(young, DELIVERED);
    expect(interrupt(bench)).toHaveLength(20);
  });

  it('keeps its attempts while its destination is unavailable for all', () => {
    const bench = hanging();
    for (let key = 0; key < 20; key += 1) bench.settle(bench.add(`key-${key}`, 'a'), FAILED);
    expect(bench.dispatcher.openCircuits).toBe(1);
    expect(interrupt(bench)).toEqual([]);
  });

  it('is interrupted at once if it keeps hanging, and at most once a minute if it responds', () => {
    const bench = hanging();
    interrupt(bench);
    bench.clock.advance(2_500);
    const [trial] = interrupt(bench);
    expect(trial).toBeDefined();
    expect(bench.changes).toHaveLength(1);
    for (const message of [...bench.attempting]) bench.settle(message, DELIVERED);
    bench.clock.advance(50_000);
    expect(interrupt(bench)).toEqual([]);
    bench.clock.advance(10_000);
    expect(interrupt(bench)).not.toEqual([]);
  });

  it('starts again only when every lane that quiesced it has released it', () => {
    const bench = new Bench();
    bench.settle(bench.add(HANGS, 'a'), DELIVERED);
    for (let lane = 0; lane < 2; lane += 1) bench.dispatcher.preemption.quiesce(HANGS);
    bench.dispatcher.preemption.release(HANGS);
    bench.add(HANGS, 'b');
    expect(bench.attempting.size).toBe(0);
    bench.dispatcher.preemption.release(HANGS);
    expect(bench.attempting.size).toBe(1);
  });
});

describe('a destination that is slow for all its keys', () => {
  it('has no attempt interrupted before it takes much longer than usual', () => {
    const bench = new Bench();
    respond(bench, ['a', 'b', 'c'], 5_000);
    bench.add(HANGS, 'a');
    bench.clock.advance(14_000);
    expect(interrupt(bench)).toEqual([]);
    bench.clock.advance(2_000);
    expect(interrupt(bench)).toHaveLength(1);
  });

  it('has one key after the other interrupted while nothing shows that it is slow', () => {
    const bench = new Bench();
    for (const key of ['a', 'b', 'c']) bench.add(key, 'a');
    bench.clock.advance(2_500);
    expect([interrupt(bench, 'a'), interrupt(bench, 'b')].flat()).toHaveLength(1);
    bench.clock.advance(250);
    expect(interrupt(bench, 'b')).toHaveLength(1);
    for (const message of [...bench.attempting]) if (message.routingKey === 'c') bench.settle(message, DELIVERED);
    bench.add('d', 'a');
    bench.clock.advance(2_500);
    expect(interrupt(bench, 'd')).toEqual([]);
  });

  it('is not assumed because of a few slow keys', () => {
    const bench = new Bench();
    respond(bench, ['slow'], 10_000);
    respond(bench, ['a', 'b'], 100);
    bench.add(HANGS, 'a');
    bench.clock.advance(2_500);
    expect(interrupt(bench)).toHaveLength(1);
  });
});

describe('keys whose attempts hang in nearly every slot', () => {
  const CONCURRENCY = 256;
  /** Keys that hang fill every slot. */
  const crowded = () => {
    const bench = new Bench({ concurrency: CONCURRENCY });
    for (let key = 0; key < 34; key += 1) {
      for (let alert = 0; alert < 8; alert += 1) bench.add(`${HANGS}-${key}`, String(alert));
    }
    expect(bench.attempting.size).toBeGreaterThan(CONCURRENCY);
    return bench;
  };
  const makeRoom = (bench: Bench) => {
    bench.dispatcher.preemption.makeRoom();
    bench.finishInterrupting();
  };

  it('leave one to a key that does not hang, shortly after they began to hang', () => {
    const bench = crowded();
    const other = bench.add('other', 'a');
    makeRoom(bench);
    expect(bench.attempting.has(other)).toBe(false);
    bench.clock.advance(2_500);
    makeRoom(bench);
    expect(bench.attempting.has(other)).toBe(true);
  });

  it('give up more and more of them to a key that has much to send', () => {
    const bench = crowded();
    bench.clock.advance(2_500);
    const ofOther = () => [...bench.attempting].filter(({ routingKey }) => routingKey === 'other');
    for (let round = 0; round < 60; round += 1) {
      for (const message of ofOther()) bench.settle(message, DELIVERED);
      for (let alert = 0; alert < CONCURRENCY; alert += 1) bench.add('other', `${round} ${alert}`);
      bench.clock.advance(250);
      makeRoom(bench);
    }
    expect(ofOther().length).toBeGreaterThan(CONCURRENCY / 2);
  });

  it('keep their slots while the only other key has all that it may use', () => {
    const bench = new Bench({ concurrency: 64 });
    for (let alert = 0; alert < 40; alert += 1) bench.add('slow', String(alert));
    bench.clock.advance(2_500);
    interrupt(bench, 'slow');
    for (const message of [...bench.attempting, bench.add('quick', 'a')]) bench.settle(message, DELIVERED);
    for (let alert = 0; alert < 60; alert += 1) bench.add(HANGS, String(alert));
    bench.clock.advance(2_500);
    for (const message of [...bench.attempting]) if (message.routingKey === 'slow') bench.settle(message, DELIVERED);
    const before = new Set(bench.attempting);
    expect([...before].filter(({ routingKey }) => routingKey === 'slow')).toHaveLength(4);
    makeRoom(bench);
    expect(bench.attempting).toEqual(before);
  });

  it('keep their slots while no other key has anything to start', () => {
    const bench = crowded();
    for (const { routingKey } of [...bench.attempting]) bench.add(routingKey, 'more');
    bench.clock.advance(10_000);
    const before = new Set(bench.attempting);
    makeRoom(bench);
    expect(bench.attempting).toEqual(before);
  });
});
