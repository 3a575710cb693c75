import { Harness, DELIVERED, FAILED, THROTTLED } from './dispatcher.fixture';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MAXIMUM = { maximumAgeMs: 3 * DAY };

/** Fails every attempt for this long; returns the number of attempts. */
function failFor(harness: Harness, ms: number): number {
  const before = harness.attempted.length;
  for (let waited = 0; waited < ms; waited += HOUR) {
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    harness.clock.advance(HOUR);
  }
  for (const message of [...harness.attempting]) harness.settle(message, FAILED);
  return harness.attempted.length - before;
}

describe('the maximum age', () => {
  it('makes an event that failed for as long a dead letter, and not earlier', () => {
    const harness = new Harness(MAXIMUM);
    const message = harness.add('k', 'a');
    failFor(harness, 3 * DAY);
    expect(harness.deadLettered).toEqual([]);
    failFor(harness, HOUR);
    expect(harness.deadLettered).toMatchObject([{ message, cause: { reason: 'expired', status: 503 } }]);
  });

  it.each([
    ['3 days slow', -3 * DAY],
    ['a year slow', -365 * DAY],
    ['3 days fast', 3 * DAY],
  ])('expires no unattempted event of a gateway whose clock is %s', (_, skew) => {
    const harness = new Harness(MAXIMUM);
    for (let index = 0; index < 1_000; index += 1) {
      harness.dispatcher.add(harness.message(`key-${index % 50}`, String(index), harness.clock.wall() + skew - 1));
    }
    while (harness.attempting.size > 0)
      for (const message of [...harness.attempting]) harness.settle(message, DELIVERED);
    expect(harness.attempted).toHaveLength(1_000);
    expect(harness.deadLettered).toEqual([]);
  });

  it('retries an event of such a gateway for as long as any other', () => {
    const harness = new Harness(MAXIMUM);
    harness.dispatcher.add(harness.message('k', 'a', harness.clock.wall() - 30 * DAY));
    expect(failFor(harness, 2 * DAY)).toBeGreaterThan(24);
    expect(harness.deadLettered).toEqual([]);
    failFor(harness, DAY + HOUR);
    expect(harness.deadLettered).toHaveLength(1);
  });

  it('is not reached because the wall clock of the worker jumps', () => {
    const harness = new Harness(MAXIMUM);
    const messages = Array.from({ length: 1_000 }, (_, index) => harness.add(`key-${index % 50}`, String(index)));
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    harness.clock.jump(30 * DAY);
    failFor(harness, DAY);
    harness.clock.jump(-60 * DAY);
    failFor(harness, DAY);
    expect(harness.deadLettered).toEqual([]);
    expect(harness.dispatcher.held).toBe(messages.length);
  });

  it('that passed during an outage expires no event that is then delivered', () => {
    const harness = new Harness({ maximumAgeMs: HOUR });
    for (let index = 0; index < 200; index += 1) harness.add(`key-${index}`, 'a');
    for (const message of [...harness.attempting]) harness.settle(message, FAILED);
    expect(harness.dispatcher.openCircuits).toBe(1);
    // The probe gets no response, so nothing else is attempted.
    harness.clock.advance(2 * HOUR);
    while (harness.attempting.size > 0)
      for (const message of [...harness.attempting]) harness.settle(message, DELIVERED);
    expect(harness.deadLettered).toEqual([]);
    expect(harness.dispatcher.held).toBe(0);
  });

  it('that passed while its key was throttled leaves an event one more attempt', () => {
    const harness = new Harness(MAXIMUM);
    const [first, second] = [harness.add('k', 'a'), harness.add('k', 'a')];
    harness.settle(first, THROTTLED);
    harness.clock.advance(4 * DAY);
    harness.settle(first, THROTTLED);
    expect(harness.deadLettered).toMatchObject([{ message: first, cause: { reason: 'expired', status: 429 } }]);
    harness.clock.advance(HOUR);
    harness.settle(second, DELIVERED);
    expect(harness.deadLettered).toHaveLength(1);
  });

  it('that passed while its key was throttled does not shorten the wait that its destination requests', () => {
    const harness = new Harness(MAXIMUM);
    const [first, second] = [harness.add('k', 'a'), harness.add('k', 'a')];
    harness.settle(first, THROTTLED);
    harness.clock.advance(4 * DAY);
    harness.settle(first, { kind: 'throttled', status: 429, retryAfterMs: 30_000 });
    expect(harness.deadLettered).toMatchObject([{ message: first, cause: { reason: 'expired' } }]);
    harness.clock.advance(29_999);
    expect(harness.attempting.has(second)).toBe(false);
    harness.clock.advance(1);
    expect(harness.attempting.has(second)).toBe(true);
  });

  it('is reached by messages that were never attempted for a paused destination, although their lane is released and taken again', () => {
    const harness = new Harness({ ...MAXIMUM, destinationOf: ({ routingKey }) => routingKey });
    harness.dispatcher.pause('gone');
    const messages = [harness.add('gone', 'a'), harness.add('gone', 'b')];
    for (let waited = 0; waited < 3 * DAY; waited += HOUR) {
      harness.clock.advance(HOUR);
      harness.dispatcher.forget(messages);
      for (const message of messages) harness.dispatcher.add(message);
    }
    expect(harness.deadLettered).toEqual([]);
    harness.clock.advance(HOUR);
    expect(harness.deadLettered.map(({ message, cause }) => [message.id, cause.reason])).toEqual(
      messages.map(({ id }) => [id, 'expired']),
    );
    expect(harness.attempted).toEqual([]);
  });

  it('counts from now for a message from another worker, and continues for one that returns to this worker', () => {
    const harness = new Harness(MAXIMUM);
    const message = harness.add('k', 'a');
    failFor(harness, 2 * DAY);
    harness.dispatcher.forget([message]);
    harness.attempting.clear();
    const other = new Harness(MAXIMUM);
    other.dispatcher.add({ ...message, receivedAt: other.clock.wall() - 2 * DAY });
    failFor(other, 2 * DAY);
    expect(other.deadLettered).toEqual([]);
    harness.dispatcher.add(message);
    failFor(harness, DAY + HOUR);
    expect(harness.deadLettered).toMatchObject([{ message }]);
  });
});
