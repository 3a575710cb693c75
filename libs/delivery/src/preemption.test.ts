import { backoffMs } from './backoff';
import { Harness, DELIVERED, FAILED, type TestMessage } from './dispatcher.fixture';

const HANGS = 'hanging';

/** A key with `attempts` attempts in flight for `ms` milliseconds. */
function hanging({ attempts = 20, ms = 2_500, concurrency = 64 } = {}) {
  const harness = new Harness({ concurrency });
  for (let alert = 0; alert < attempts; alert += 1) harness.add(HANGS, String(alert));
  harness.clock.advance(ms);
  return harness;
}

function interrupt(harness: Harness, routingKey = HANGS): readonly TestMessage[] {
  harness.dispatcher.preemption.interrupt(routingKey);
  const messages = [...harness.interrupting];
  harness.finishInterrupting();
  return messages;
}

/** Answers an attempt of each key after `ms` milliseconds. */
function respond(harness: Harness, keys: readonly string[], ms: number): void {
  const messages = keys.map((key) => harness.add(key, 'answered'));
  harness.clock.advance(ms);
  for (const message of messages) harness.settle(message, DELIVERED);
}

describe('a key whose attempts hang while it has to yield', () => {
  it('has them interrupted, which is reported once and does not count as failures', () => {
    const harness = hanging();
    expect(interrupt(harness)).toHaveLength(20);
    expect(harness.changes).toEqual([{ kind: 'key-interrupted', routingKey: HANGS, attempts: 20 }]);
    expect(harness.dispatcher).toMatchObject({ held: 20, inFlight: 1, openCircuits: 0 });
    expect(harness.attempting.size).toBe(1);
  });

  it('is tried one attempt at a time, however long that takes, and without that limit once one was answered', () => {
    const harness = hanging();
    interrupt(harness);
    expect(harness.attempting.size).toBe(1);
    harness.clock.advance(14_000);
    const [trial] = [...harness.attempting];
    if (trial === undefined) throw new Error('nothing is tried');
    harness.settle(trial, DELIVERED);
    expect(harness.attempting.size).toBeGreaterThan(1);
  });

  it('uses only a few slots for a minute, in case it is just slow', () => {
    const harness = hanging({ attempts: 200, concurrency: 64 });
    interrupt(harness);
    const respondToAll = () => {
      for (const message of [...harness.attempting]) harness.settle(message, DELIVERED);
    };
    respondToAll();
    expect(harness.attempting.size).toBe(4);
    harness.clock.advance(60_000);
    respondToAll();
    expect(harness.attempting.size).toBe(64);
  });

  it('may use all slots again after an outage, of which it was not the cause', () => {
    const harness = hanging({ attempts: 200, concurrency: 64 });
    interrupt(harness);
    for (let key = 0; key < 20; key += 1) harness.settle(harness.add(`key-${key}`, 'a'), FAILED);
    expect(harness.dispatcher.openCircuits).toBe(1);
    for (let round = 0; round < 2; round += 1) {
      for (const message of [...harness.attempting]) harness.settle(message, DELIVERED);
    }
    expect(harness.dispatcher.openCircuits).toBe(0);
    expect(harness.attempting.size).toBe(64);
  });

  it('uses only a few slots if others succeeded while it opened the circuit', () => {
    const harness = hanging({ attempts: 200, concurrency: 64 });
    interrupt(harness);
    for (let attempt = 0; harness.dispatcher.openCircuits === 0; attempt += 1) {
      for (const message of [...harness.attempting]) harness.settle(message, FAILED);
      harness.clock.advance(backoffMs(attempt, 1));
    }
    harness.settle(harness.add('other', 'a'), DELIVERED);
    expect(harness.dispatcher.openCircuits).toBe(0);
    harness.clock.advance(1_000);
    for (const message of [...harness.attempting]) harness.settle(message, DELIVERED);
    expect(harness.attempting.size).toBe(4);
  });

  it('is not blamed for the time in which its attempts were not sent yet', () => {
    const harness = hanging();
    for (const message of harness.attempting) harness.dispatcher.recordAttemptStart(message);
    expect(interrupt(harness)).toEqual([]);
    harness.clock.advance(2_500);
    expect(interrupt(harness)).toHaveLength(20);
  });

  it('keeps recent attempts: they may still be answered', () => {
    const harness = hanging();
    const young = harness.add(HANGS, 'young');
    expect(interrupt(harness)).toEqual([]);
    harness.settle(young, DELIVERED);
    expect(interrupt(harness)).toHaveLength(20);
  });

  it('keeps its attempts while its destination is unavailable for all', () => {
    const harness = hanging();
    for (let key = 0; key < 20; key += 1) harness.settle(harness.add(`key-${key}`, 'a'), FAILED);
    expect(harness.dispatcher.openCircuits).toBe(1);
    expect(interrupt(harness)).toEqual([]);
  });

  it('is interrupted at once if it keeps hanging, and at most once a minute if it responds', () => {
    const harness = hanging();
    interrupt(harness);
    harness.clock.advance(2_500);
    const [trial] = interrupt(harness);
    expect(trial).toBeDefined();
    expect(harness.changes).toHaveLength(1);
    for (const message of [...harness.attempting]) harness.settle(message, DELIVERED);
    harness.clock.advance(50_000);
    expect(interrupt(harness)).toEqual([]);
    harness.clock.advance(10_000);
    expect(interrupt(harness)).not.toEqual([]);
  });
});

describe('a destination that is slow for all its keys', () => {
  it('has no attempt interrupted before it takes much longer than usual', () => {
    const harness = new Harness();
    respond(harness, ['a', 'b', 'c'], 5_000);
    harness.add(HANGS, 'a');
    harness.clock.advance(14_000);
    expect(interrupt(harness)).toEqual([]);
    harness.clock.advance(2_000);
    expect(interrupt(harness)).toHaveLength(1);
  });

  it('has one key after the other interrupted while nothing shows that it is slow', () => {
    const harness = new Harness();
    for (const key of ['a', 'b', 'c']) harness.add(key, 'a');
    harness.clock.advance(2_500);
    expect([interrupt(harness, 'a'), interrupt(harness, 'b')].flat()).toHaveLength(1);
    harness.clock.advance(250);
    expect(interrupt(harness, 'b')).toHaveLength(1);
    for (const message of [...harness.attempting]) if (message.routingKey === 'c') harness.settle(message, DELIVERED);
    harness.add('d', 'a');
    harness.clock.advance(2_500);
    expect(interrupt(harness, 'd')).toEqual([]);
  });

  it('is not assumed because of a few slow keys', () => {
    const harness = new Harness();
    respond(harness, ['slow'], 10_000);
    respond(harness, ['a', 'b'], 100);
    harness.add(HANGS, 'a');
    harness.clock.advance(2_500);
    expect(interrupt(harness)).toHaveLength(1);
  });
});

describe('keys whose attempts hang in nearly every slot', () => {
  const CONCURRENCY = 256;
  /** Keys that hang fill every slot. */
  const crowded = () => {
    const harness = new Harness({ concurrency: CONCURRENCY });
    for (let key = 0; key < 34; key += 1) {
      for (let alert = 0; alert < 8; alert += 1) harness.add(`${HANGS}-${key}`, String(alert));
    }
    expect(harness.attempting.size).toBeGreaterThan(CONCURRENCY);
    return harness;
  };
  const makeRoom = (harness: Harness) => {
    harness.dispatcher.preemption.makeRoom();
    harness.finishInterrupting();
  };

  it('leave one to a key that does not hang, shortly after they began to hang', () => {
    const harness = crowded();
    const other = harness.add('other', 'a');
    makeRoom(harness);
    expect(harness.attempting.has(other)).toBe(false);
    harness.clock.advance(2_500);
    makeRoom(harness);
    expect(harness.attempting.has(other)).toBe(true);
  });

  it('give up more and more of them to a key that has much to send', () => {
    const harness = crowded();
    harness.clock.advance(2_500);
    const ofOther = () => [...harness.attempting].filter(({ routingKey }) => routingKey === 'other');
    for (let round = 0; round < 60; round += 1) {
      for (const message of ofOther()) harness.settle(message, DELIVERED);
      for (let alert = 0; alert < CONCURRENCY; alert += 1) harness.add('other', `${round} ${alert}`);
      harness.clock.advance(250);
      makeRoom(harness);
    }
    expect(ofOther().length).toBeGreaterThan(CONCURRENCY / 2);
  });

  it('keep their slots while the only other key has all that it may use', () => {
    const harness = new Harness({ concurrency: 64 });
    for (let alert = 0; alert < 40; alert += 1) harness.add('slow', String(alert));
    harness.clock.advance(2_500);
    interrupt(harness, 'slow');
    for (const message of [...harness.attempting, harness.add('quick', 'a')]) harness.settle(message, DELIVERED);
    for (let alert = 0; alert < 60; alert += 1) harness.add(HANGS, String(alert));
    harness.clock.advance(2_500);
    for (const message of [...harness.attempting])
      if (message.routingKey === 'slow') harness.settle(message, DELIVERED);
    const before = new Set(harness.attempting);
    expect([...before].filter(({ routingKey }) => routingKey === 'slow')).toHaveLength(4);
    makeRoom(harness);
    expect(harness.attempting).toEqual(before);
  });

  it('keep their slots while no other key has anything to start', () => {
    const harness = crowded();
    for (const { routingKey } of [...harness.attempting]) harness.add(routingKey, 'more');
    harness.clock.advance(10_000);
    const before = new Set(harness.attempting);
    makeRoom(harness);
    expect(harness.attempting).toEqual(before);
  });
});
