import { Harness, constantRandom, DELIVERED, ERROR, FAILED, REJECTED, THROTTLED } from './dispatcher.fixture';
import { type Outcome } from './outcome';

const sequences = (messages: Iterable<{ sequence: number }>) => [...messages].map(({ sequence }) => sequence);

describe('dispatch', () => {
  it('attempts the events of one alert strictly one after another', () => {
    const harness = new Harness();
    const [first, second] = [harness.add('k', 'a'), harness.add('k', 'a')];
    expect([...harness.attempting]).toEqual([first]);
    harness.settle(first, FAILED);
    expect([...harness.attempting]).toEqual([]);
    harness.clock.advance(60_000);
    expect([...harness.attempting]).toEqual([first]);
    harness.settle(first, DELIVERED);
    expect([...harness.attempting]).toEqual([second]);
  });

  it('starts the next event of an alert only when the previous one is settled', () => {
    const harness = new Harness();
    const [first, second] = [harness.add('k', 'a'), harness.add('k', 'a')];
    harness.attempting.clear();
    harness.dispatcher.settle(first, DELIVERED);
    expect([...harness.attempting]).toEqual([]);
    harness.finishSettling();
    expect([...harness.attempting]).toEqual([second]);
  });

  it('attempts events of different alerts concurrently, even of one routing key', () => {
    const harness = new Harness();
    harness.add('k', 'a');
    harness.add('k', 'b');
    harness.add('l', 'a');
    expect(harness.attempting.size).toBe(3);
  });

  it('serves routing keys in turn', () => {
    const harness = new Harness({ concurrency: 1 });
    for (let index = 0; index < 20; index += 1) harness.add('noisy', String(index));
    for (let index = 0; index < 4; index += 1) harness.add('quiet', String(index));
    for (let turn = 0; turn < 8; turn += 1)
      for (const message of [...harness.attempting].slice(0, 1)) harness.settle(message, DELIVERED);
    expect(harness.attempted.slice(0, 8).filter(({ routingKey }) => routingKey === 'quiet')).toHaveLength(4);
  });

  it('leaves slots for others, however many events one key has', () => {
    const harness = new Harness({ concurrency: 32 });
    for (let index = 0; index < 500; index += 1) harness.add('hanging', String(index));
    expect(harness.attempting.size).toBe(32);
    const other = harness.add('other', 'a');
    expect(harness.attempting.has(other)).toBe(true);
  });

  it.each([
    { first: undefined, second: 30_000, wait: 30_000 },
    { first: 5_000, second: 30_000, wait: 30_000 },
    { first: 30_000, second: 5_000, wait: 30_000 },
    { first: 5_000, second: undefined, wait: 5_000 },
  ])(
    'lets a key wait for the longest Retry-After of its concurrent attempts: $first, then $second ms',
    ({ first, second, wait }) => {
      const harness = new Harness();
      const throttled = ['a', 'b'].map((alert) => harness.add('k', alert));
      const settled = [first, second].map((retryAfterMs): Outcome => ({
        kind: 'throttled',
        status: 429,
        retryAfterMs,
      }));
      throttled.forEach((message, index) => harness.settle(message, settled[index] ?? THROTTLED));
      harness.clock.advance(wait - 1);
      expect(harness.attempting.size).toBe(0);
      harness.clock.advance(1);
      expect(sequences(harness.attempting)).toEqual(sequences(throttled));
    },
  );

  it('lets a key wait as requested even if the throttled message was returned to its queue meanwhile', () => {
    const harness = new Harness();
    const returned = harness.add('k', 'a');
    harness.dispatcher.forget([returned]);
    harness.settle(returned, { kind: 'throttled', status: 429, retryAfterMs: 30_000 });
    const next = harness.add('k', 'a');
    harness.clock.advance(29_999);
    expect(harness.attempting.has(next)).toBe(false);
    harness.clock.advance(1);
    expect(harness.attempting.has(next)).toBe(true);
  });

  it('lets a throttled key wait while others continue', () => {
    const harness = new Harness();
    const throttled = harness.add('k', 'a');
    harness.settle(throttled, { kind: 'throttled', status: 429, retryAfterMs: 5_000 });
    const later = harness.add('k', 'b');
    const other = harness.add('l', 'a');
    expect([...harness.attempting]).toEqual([other]);
    harness.clock.advance(4_999);
    expect([...harness.attempting]).toEqual([other]);
    harness.clock.advance(1);
    expect(sequences(harness.attempting)).toEqual(expect.arrayContaining(sequences([throttled, later])));
  });

  it('dead-letters a rejected event and continues with its alert', () => {
    const harness = new Harness();
    const [bad, next] = [harness.add('k', 'a'), harness.add('k', 'a')];
    harness.settle(bad, REJECTED);
    expect(harness.deadLettered).toMatchObject([{ message: bad, cause: { reason: 'rejected', status: 400 } }]);
    expect([...harness.attempting]).toEqual([next]);
  });

  it('records the last response in a dead letter', () => {
    const harness = new Harness({ maximumAgeMs: 500, random: constantRandom(0.99) });
    const failed: Outcome = {
      kind: 'failed',
      reason: 'server-error',
      scope: 'destination',
      status: 503,
      detail: 'out of order',
      retryAfterMs: undefined,
    };
    const message = harness.add('k', 'a');
    harness.settle(message, FAILED);
    harness.clock.advance(2_000);
    harness.settle(message, failed);
    expect(harness.deadLettered).toMatchObject([
      { cause: { reason: 'expired', status: 503, response: 'out of order' } },
    ]);
  });

  it('dead-letters an event that fails for an hour with server errors while others are delivered', () => {
    const harness = new Harness();
    const poison = harness.add('k', 'a');
    for (let minute = 0; minute < 70; minute += 1) {
      if (harness.attempting.has(poison)) harness.settle(poison, FAILED);
      harness.settle(harness.add('l', String(minute)), DELIVERED);
      harness.clock.advance(60_000);
    }
    expect(harness.deadLettered).toMatchObject([{ message: poison, cause: { reason: 'poison', status: 503 } }]);
  });

  it('keeps an event that fails for an hour while nothing else is delivered', () => {
    const harness = new Harness();
    const held = harness.add('k', 'a');
    for (let minute = 0; minute < 120; minute += 1) {
      if (harness.attempting.has(held)) harness.settle(held, FAILED);
      harness.clock.advance(60_000);
    }
    expect(harness.deadLettered).toEqual([]);
  });

  it('dead-letters a message that cannot be sent after five attempts, and blocks its alert only', () => {
    const harness = new Harness();
    const unsendable = harness.add('k', 'a');
    const next = harness.add('k', 'a');
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      expect(harness.deadLettered).toEqual([]);
      harness.settle(unsendable, ERROR);
      harness.settle(harness.add('k', 'b'), DELIVERED);
      harness.clock.advance(60_000);
    }
    const cause = { reason: 'poison', response: 'the message cannot be sent: no header name' };
    expect(harness.deadLettered).toMatchObject([{ message: unsendable, cause }]);
    expect(harness.attempting.has(next)).toBe(true);
  });

  it('dead-letters a message that cannot be sent even if there is no other', () => {
    const harness = new Harness();
    const unsendable = harness.add('k', 'a');
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      harness.settle(unsendable, ERROR);
      harness.clock.advance(60_000);
    }
    expect(harness.deadLettered).toHaveLength(1);
  });

  it('keeps messages that cannot be sent while no message can: they are not the cause', () => {
    const harness = new Harness();
    const messages = [harness.add('k', 'a'), harness.add('l', 'b'), harness.add('l', 'c')];
    const settleAll = () => {
      for (const message of messages) if (harness.attempting.has(message)) harness.settle(message, ERROR);
      harness.clock.advance(60_000);
    };
    for (let round = 0; round < 20; round += 1) settleAll();
    expect(harness.deadLettered).toEqual([]);
    expect(harness.dispatcher.openCircuits).toBe(0);
    for (const message of messages) harness.settle(message, DELIVERED);
    expect(harness.dispatcher.held).toBe(0);
  });

  it('forgets the messages of a lost channel, and starts none of them', () => {
    const harness = new Harness();
    const messages = [harness.add('k', 'a'), harness.add('k', 'a'), harness.add('k', 'b')];
    harness.attempted.length = 0;
    harness.dispatcher.forget(messages);
    expect(harness.attempted).toEqual([]);
    expect(harness.dispatcher).toMatchObject({ held: 0, inFlight: 0 });
  });
});

describe('an outage of PagerDuty', () => {
  function outage() {
    const harness = new Harness();
    for (let index = 0; index < 40; index += 1) harness.add(`key-${index}`, 'a');
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    expect(harness.changes).toMatchObject([{ kind: 'circuit-opened', destination: 'PagerDuty' }]);
    return harness;
  }

  it('is probed once a second, the oldest event first', () => {
    const harness = outage();
    harness.attempted.length = 0;
    for (let second = 0; second < 5; second += 1) {
      harness.clock.advance(1_000);
      expect(harness.attempting.size).toBe(1);
      for (const probe of [...harness.attempting]) harness.settle(probe, FAILED);
    }
    expect(sequences(harness.attempted)).toEqual([1, 2, 3, 4, 5]);
  });

  it('starts no event that arrives meanwhile', () => {
    const harness = outage();
    harness.add('new', 'a');
    expect(harness.attempting.size).toBe(0);
  });

  it('does not send a second probe while the first has no response', () => {
    const harness = outage();
    harness.clock.advance(10_000);
    expect(harness.attempting.size).toBe(1);
  });

  it('ends with the first event that is delivered: everything starts at once', () => {
    const harness = outage();
    harness.clock.advance(1_000);
    for (const probe of [...harness.attempting]) harness.settle(probe, DELIVERED);
    expect(harness.changes.at(-1)).toMatchObject({ kind: 'circuit-closed' });
    expect(harness.attempting.size).toBe(39);
  });

  it('is not prolonged by one bad event that keeps failing', () => {
    const harness = outage();
    const bad = [...harness.attempted][0];
    let probes = 0;
    while (harness.changes.at(-1)?.kind !== 'circuit-closed' && probes < 5) {
      harness.clock.advance(1_000);
      probes += 1;
      for (const probe of [...harness.attempting]) harness.settle(probe, probe === bad ? FAILED : DELIVERED);
    }
    expect(probes).toBe(2);
  });

  it('does not delay a key that would succeed by the backlogs of many that fail', () => {
    const harness = new Harness();
    for (let index = 0; index < 400; index += 1) harness.add(`bad-${index % 8}`, String(index));
    for (let second = 0; second < 20; second += 1) {
      for (const message of [...harness.attempting]) harness.settle(message, FAILED);
      harness.clock.advance(1_000);
    }
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    const good = harness.add('good', 'a');
    harness.clock.advance(1_000);
    expect([...harness.attempting]).toEqual([good]);
  });
});
