import { Bench, constantRandom, DELIVERED, ERROR, FAILED, REJECTED } from './dispatcher.fixture';
import { type Outcome } from './outcome';

const sequences = (messages: Iterable<{ sequence: number }>) => [...messages].map(({ sequence }) => sequence);

describe('dispatch', () => {
  it('attempts the events of one alert strictly one after another', () => {
    const bench = new Bench();
    const [first, second] = [bench.add('k', 'a'), bench.add('k', 'a')];
    expect([...bench.attempting]).toEqual([first]);
    bench.settle(first, FAILED);
    expect([...bench.attempting]).toEqual([]);
    bench.clock.advance(60_000);
    expect([...bench.attempting]).toEqual([first]);
    bench.settle(first, DELIVERED);
    expect([...bench.attempting]).toEqual([second]);
  });

  it('starts the next event of an alert only when the previous one is settled', () => {
    const bench = new Bench();
    const [first, second] = [bench.add('k', 'a'), bench.add('k', 'a')];
    bench.attempting.clear();
    bench.dispatcher.settle(first, DELIVERED);
    expect([...bench.attempting]).toEqual([]);
    bench.finishSettling();
    expect([...bench.attempting]).toEqual([second]);
  });

  it('attempts events of different alerts concurrently, even of one routing key', () => {
    const bench = new Bench();
    bench.add('k', 'a');
    bench.add('k', 'b');
    bench.add('l', 'a');
    expect(bench.attempting.size).toBe(3);
  });

  it('serves routing keys in turn', () => {
    const bench = new Bench({ concurrency: 1 });
    for (let index = 0; index < 20; index += 1) bench.add('noisy', String(index));
    for (let index = 0; index < 4; index += 1) bench.add('quiet', String(index));
    for (let turn = 0; turn < 8; turn += 1)
      for (const message of [...bench.attempting].slice(0, 1)) bench.settle(message, DELIVERED);
    expect(bench.attempted.slice(0, 8).filter(({ routingKey }) => routingKey === 'quiet')).toHaveLength(4);
  });

  it('leaves slots for others, however many events one key has', () => {
    const bench = new Bench({ concurrency: 32 });
    for (let index = 0; index < 500; index += 1) bench.add('hanging', String(index));
    expect(bench.attempting.size).toBe(32);
    const other = bench.add('other', 'a');
    expect(bench.attempting.has(other)).toBe(true);
  });

  it('lets a throttled key wait while others continue', () => {
    const bench = new Bench();
    const throttled = bench.add('k', 'a');
    bench.settle(throttled, { kind: 'throttled', status: 429, retryAfterMs: 5_000 });
    const later = bench.add('k', 'b');
    const other = bench.add('l', 'a');
    expect([...bench.attempting]).toEqual([other]);
    bench.clock.advance(4_999);
    expect([...bench.attempting]).toEqual([other]);
    bench.clock.advance(1);
    expect(sequences(bench.attempting)).toEqual(expect.arrayContaining(sequences([throttled, later])));
  });

  it('dead-letters a rejected event and continues with its alert', () => {
    const bench = new Bench();
    const [bad, next] = [bench.add('k', 'a'), bench.add('k', 'a')];
    bench.settle(bad, REJECTED);
    expect(bench.deadLettered).toMatchObject([{ message: bad, cause: { reason: 'rejected', status: 400 } }]);
    expect([...bench.attempting]).toEqual([next]);
  });

  it('records the last response in a dead letter', () => {
    const bench = new Bench({ maximumAgeMs: 500, random: constantRandom(0.99) });
    const failed: Outcome = {
      kind: 'failed',
      reason: 'server-error',
      scope: 'destination',
      status: 503,
      detail: 'out of order',
      retryAfterMs: undefined,
    };
    const message = bench.add('k', 'a');
    bench.settle(message, FAILED);
    bench.clock.advance(2_000);
    bench.settle(message, failed);
    expect(bench.deadLettered).toMatchObject([{ cause: { reason: 'expired', status: 503, response: 'out of order' } }]);
  });

  it('dead-letters an event that fails for an hour with server errors while others are delivered', () => {
    const bench = new Bench();
    const poison = bench.add('k', 'a');
    for (let minute = 0; minute < 70; minute += 1) {
      if (bench.attempting.has(poison)) bench.settle(poison, FAILED);
      bench.settle(bench.add('l', String(minute)), DELIVERED);
      bench.clock.advance(60_000);
    }
    expect(bench.deadLettered).toMatchObject([{ message: poison, cause: { reason: 'poison', status: 503 } }]);
  });

  it('keeps an event that fails for an hour while nothing else is delivered', () => {
    const bench = new Bench();
    const held = bench.add('k', 'a');
    for (let minute = 0; minute < 120; minute += 1) {
      if (bench.attempting.has(held)) bench.settle(held, FAILED);
      bench.clock.advance(60_000);
    }
    expect(bench.deadLettered).toEqual([]);
  });

  it('dead-letters a message that cannot be sent after five attempts, and blocks its alert only', () => {
    const bench = new Bench();
    const unsendable = bench.add('k', 'a');
    const next = bench.add('k', 'a');
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      expect(bench.deadLettered).toEqual([]);
      bench.settle(unsendable, ERROR);
      bench.settle(bench.add('k', 'b'), DELIVERED);
      bench.clock.advance(60_000);
    }
    const cause = { reason: 'poison', response: 'the message cannot be sent: no header name' };
    expect(bench.deadLettered).toMatchObject([{ message: unsendable, cause }]);
    expect(bench.attempting.has(next)).toBe(true);
  });

  it('dead-letters a message that cannot be sent even if there is no other', () => {
    const bench = new Bench();
    const unsendable = bench.add('k', 'a');
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      bench.settle(unsendable, ERROR);
      bench.clock.advance(60_000);
    }
    expect(bench.deadLettered).toHaveLength(1);
  });

  it('keeps messages that cannot be sent while no message can: they are not the cause', () => {
    const bench = new Bench();
    const messages = [bench.add('k', 'a'), bench.add('l', 'b'), bench.add('l', 'c')];
    const settleAll = () => {
      for (const message of messages) if (bench.attempting.has(message)) bench.settle(message, ERROR);
      bench.clock.advance(60_000);
    };
    for (let round = 0; round < 20; round += 1) settleAll();
    expect(bench.deadLettered).toEqual([]);
    expect(bench.dispatcher.openCircuits).toBe(0);
    for (const message of messages) bench.settle(message, DELIVERED);
    expect(bench.dispatcher.held).toBe(0);
  });

  it('forgets the messages of a lost channel, and starts none of them', () => {
    const bench = new Bench();
    const messages = [bench.add('k', 'a'), bench.add('k', 'a'), bench.add('k', 'b')];
    bench.attempted.length = 0;
    bench.dispatcher.forget(messages);
    expect(bench.attempted).toEqual([]);
    expect(bench.dispatcher).toMatchObject({ held: 0, inFlight: 0 });
  });
});

describe('an outage of PagerDuty', () => {
  function outage() {
    const bench = new Bench();
    for (let index = 0; index < 40; index += 1) bench.add(`key-${index}`, 'a');
    for (const message of [...bench.attempting]) bench.settle(message, FAILED);
    expect(bench.changes).toMatchObject([{ kind: 'circuit-opened', destination: 'PagerDuty' }]);
    return bench;
  }

  it('is probed once a second, the oldest event first', () => {
    const bench = outage();
    bench.attempted.length = 0;
    for (let second = 0; second < 5; second += 1) {
      bench.clock.advance(1_000);
      expect(bench.attempting.size).toBe(1);
      for (const probe of [...bench.attempting]) bench.settle(probe, FAILED);
    }
    expect(sequences(bench.attempted)).toEqual([1, 2, 3, 4, 5]);
  });

  it('starts no event that arrives meanwhile', () => {
    const bench = outage();
    bench.add('new', 'a');
    expect(bench.attempting.size).toBe(0);
  });

  it('does not send a second probe while the first has no answer', () => {
    const bench = outage();
    bench.clock.advance(10_000);
    expect(bench.attempting.size).toBe(1);
  });

  it('ends with the first event that is delivered: everything starts at once', () => {
    const bench = outage();
    bench.clock.advance(1_000);
    for (const probe of [...bench.attempting]) bench.settle(probe, DELIVERED);
    expect(bench.changes.at(-1)).toMatchObject({ kind: 'circuit-closed' });
    expect(bench.attempting.size).toBe(39);
  });

  it('is not prolonged by one bad event that keeps failing', () => {
    const bench = outage();
    const bad = [...bench.attempted][0];
    let probes = 0;
    while (bench.changes.at(-1)?.kind !== 'circuit-closed' && probes < 5) {
      bench.clock.advance(1_000);
      probes += 1;
      for (const probe of [...bench.attempting]) bench.settle(probe, probe === bad ? FAILED : DELIVERED);
    }
    expect(probes).toBe(2);
  });

  it('does not delay a key that would succeed by the backlogs of many that fail', () => {
    const bench = new Bench();
    for (let index = 0; index < 400; index += 1) bench.add(`bad-${index % 8}`, String(index));
    for (let second = 0; second < 20; second += 1) {
      for (const message of [...bench.attempting]) bench.settle(message, FAILED);
      bench.clock.advance(1_000);
    }
    for (const message of [...bench.attempting]) bench.settle(message, FAILED);
    const good = bench.add('good', 'a');
    bench.clock.advance(1_000);
    expect([...bench.attempting]).toEqual([good]);
  });
});
