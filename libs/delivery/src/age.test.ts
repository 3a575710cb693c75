import { Bench, DELIVERED, FAILED, THROTTLED } from './dispatcher.fixture';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MAXIMUM = { maximumAgeMs: 3 * DAY };

/** Fails every attempt for this long; returns the number of attempts. */
function failFor(bench: Bench, ms: number): number {
  const before = bench.attempted.length;
  for (let waited = 0; waited < ms; waited += HOUR) {
    for (const message of [...bench.attempting]) bench.settle(message, FAILED);
    bench.clock.advance(HOUR);
  }
  for (const message of [...bench.attempting]) bench.settle(message, FAILED);
  return bench.attempted.length - before;
}

describe('the maximum age', () => {
  it('makes an event that failed for as long a dead letter, and not earlier', () => {
    const bench = new Bench(MAXIMUM);
    const message = bench.add('k', 'a');
    failFor(bench, 3 * DAY);
    expect(bench.deadLettered).toEqual([]);
    failFor(bench, HOUR);
    expect(bench.deadLettered).toMatchObject([{ message, cause: { reason: 'expired', status: 503 } }]);
  });

  it.each([
    ['3 days slow', -3 * DAY],
    ['a year slow', -365 * DAY],
    ['3 days fast', 3 * DAY],
  ])('expires no unattempted event of a gateway whose clock is %s', (_, skew) => {
    const bench = new Bench(MAXIMUM);
    for (let index = 0; index < 1_000; index += 1) {
      bench.dispatcher.add(bench.message(`key-${index % 50}`, String(index), bench.clock.wall() + skew - 1));
    }
    while (bench.attempting.size > 0) for (const message of [...bench.attempting]) bench.settle(message, DELIVERED);
    expect(bench.attempted).toHaveLength(1_000);
    expect(bench.deadLettered).toEqual([]);
  });

  it('retries an event of such a gateway for as long as any other', () => {
    const bench = new Bench(MAXIMUM);
    bench.dispatcher.add(bench.message('k', 'a', bench.clock.wall() - 30 * DAY));
    expect(failFor(bench, 2 * DAY)).toBeGreaterThan(24);
    expect(bench.deadLettered).toEqual([]);
    failFor(bench, DAY + HOUR);
    expect(bench.deadLettered).toHaveLength(1);
  });

  it('is not reached because the wall clock of the worker jumps', () => {
    const bench = new Bench(MAXIMUM);
    const messages = Array.from({ length: 1_000 }, (_, index) => bench.add(`key-${index % 50}`, String(index)));
    for (const message of [...bench.attempting]) bench.settle(message, FAILED);
    bench.clock.jump(30 * DAY);
    failFor(bench, DAY);
    bench.clock.jump(-60 * DAY);
    failFor(bench, DAY);
    expect(bench.deadLettered).toEqual([]);
    expect(bench.dispatcher.held).toBe(messages.length);
  });

  it('that passed during an outage expires no event that is then delivered', () => {
    const bench = new Bench({ maximumAgeMs: HOUR });
    for (let index = 0; index < 200; index += 1) bench.add(`key-${index}`, 'a');
    for (const message of [...bench.attempting]) bench.settle(message, FAILED);
    expect(bench.dispatcher.openCircuits).toBe(1);
    // The probe gets no response, so nothing else is attempted.
    bench.clock.advance(2 * HOUR);
    while (bench.attempting.size > 0) for (const message of [...bench.attempting]) bench.settle(message, DELIVERED);
    expect(bench.deadLettered).toEqual([]);
    expect(bench.dispatcher.held).toBe(0);
  });

  it('that passed while its key was throttled leaves an event one more attempt', () => {
    const bench = new Bench(MAXIMUM);
    const [first, second] = [bench.add('k', 'a'), bench.add('k', 'a')];
    bench.settle(first, THROTTLED);
    bench.clock.advance(4 * DAY);
    bench.settle(first, THROTTLED);
    expect(bench.deadLettered).toMatchObject([{ message: first, cause: { reason: 'expired', status: 429 } }]);
    bench.clock.advance(HOUR);
    bench.settle(second, DELIVERED);
    expect(bench.deadLettered).toHaveLength(1);
  });

  it('is reached by messages that were never attempted for a paused destination, although their lane is released and taken again', () => {
    const bench = new Bench({ ...MAXIMUM, destinationOf: ({ routingKey }) => routingKey });
    bench.dispatcher.pause('gone');
    const messages = [bench.add('gone', 'a'), bench.add('gone', 'b')];
    for (let waited = 0; waited < 3 * DAY; waited += HOUR) {
      bench.clock.advance(HOUR);
      bench.dispatcher.forget(messages);
      for (const message of messages) bench.dispatcher.add(message);
    }
    expect(bench.deadLettered).toEqual([]);
    bench.clock.advance(HOUR);
    expect(bench.deadLettered.map(({ message, cause }) => [message.id, cause.reason])).toEqual(
      messages.map(({ id }) => [id, 'expired']),
    );
    expect(bench.attempted).toEqual([]);
  });

  it('counts from now for a message from another worker, and continues for one that returns to this worker', () => {
    const bench = new Bench(MAXIMUM);
    const message = bench.add('k', 'a');
    failFor(bench, 2 * DAY);
    bench.dispatcher.forget([message]);
    bench.attempting.clear();
    const other = new Bench(MAXIMUM);
    other.dispatcher.add({ ...message, receivedAt: other.clock.wall() - 2 * DAY });
    failFor(other, 2 * DAY);
    expect(other.deadLettered).toEqual([]);
    bench.dispatcher.add(message);
    failFor(bench, DAY + HOUR);
    expect(bench.deadLettered).toMatchObject([{ message }]);
  });
});
