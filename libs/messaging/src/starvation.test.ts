import { ManualClock } from '@pdaltagent/testing';
import { setImmediate as turn } from 'node:timers/promises';
import { Starvation } from './starvation';

const QUEUE = 'pdaltagent.events.lane.00';
const CHECK_EVERY_MS = 10_000;

interface SetUp {
  readonly refresh?: () => Promise<void>;
  readonly isAvailable?: () => boolean;
}

/** A consumer that received something, and a queue in which a message waits. */
function setUp({ refresh = () => Promise.resolve(), isAvailable = () => true }: SetUp = {}) {
  const clock = new ManualClock();
  const consumer = { queue: QUEUE, isDue: true, receivedAt: clock.monotonic() };
  const renewStarved = jest.fn();
  const answering = jest.fn((queues: readonly string[]) => Promise.resolve(new Set(isAvailable() ? queues : [])));
  const starvation = new Starvation({
    lanes: { indices: [0], owners: [{ consumers: [consumer], renewStarved }] },
    depths: { refresh, in: () => 1 },
    answering,
    clock,
  });
  /** Passes the time until the next check, and runs it to its end. */
  const nextCheck = async (): Promise<void> => {
    clock.advance(CHECK_EVERY_MS);
    const checked = starvation.check(undefined);
    await turn();
    clock.advance(1_000);
    await checked;
  };
  return { clock, consumer, renewStarved, answering, starvation, nextCheck };
}

describe('a lane of which nothing is delivered although messages wait', () => {
  it('is renewed at the second check', async () => {
    const { renewStarved, nextCheck } = setUp();
    await nextCheck();
    expect(renewStarved).not.toHaveBeenCalled();
    await nextCheck();
    expect(renewStarved).toHaveBeenCalledWith(QUEUE);
  });

  it('is not renewed while its queue is unavailable, but once it is available', async () => {
    let isAvailable = false;
    const { renewStarved, nextCheck } = setUp({ isAvailable: () => isAvailable });
    for (let checks = 0; checks < 5; checks += 1) await nextCheck();
    expect(renewStarved).not.toHaveBeenCalled();
    isAvailable = true;
    await nextCheck();
    expect(renewStarved).toHaveBeenCalledTimes(1);
  });

  it('is not renewed if something is delivered as soon as its queue is available again', async () => {
    const { clock, consumer, renewStarved, answering, nextCheck } = setUp();
    answering.mockImplementation((queues) => {
      clock.advance(1);
      consumer.receivedAt = clock.monotonic();
      return Promise.resolve(new Set(queues));
    });
    for (let checks = 0; checks < 5; checks += 1) await nextCheck();
    expect(answering).toHaveBeenCalled();
    expect(renewStarved).not.toHaveBeenCalled();
  });

  it('does not count as starved by checks that follow one another at once', async () => {
    const { answering, starvation } = setUp();
    for (let checks = 0; checks < 5; checks += 1) await starvation.check(undefined);
    expect(answering).not.toHaveBeenCalled();
  });

  it('is checked by one check at a time', async () => {
    const refresh = jest.fn(() => new Promise<void>(() => undefined));
    const { starvation } = setUp({ refresh });
    void starvation.check(undefined);
    await starvation.check(undefined);
    expect(refresh).toHaveBeenCalledTimes(1);
  });
});

describe('a lane of which something is delivered now and then', () => {
  it('is left alone', async () => {
    const { clock, consumer, answering, nextCheck } = setUp();
    for (let checks = 0; checks < 5; checks += 1) {
      await nextCheck();
      consumer.receivedAt = clock.monotonic();
    }
    expect(answering).not.toHaveBeenCalled();
  });

  it('is left alone although its window is full whenever it is checked', async () => {
    const { consumer, answering, nextCheck } = setUp();
    consumer.isDue = false;
    for (let checks = 0; checks < 5; checks += 1) await nextCheck();
    expect(answering).not.toHaveBeenCalled();
  });
});
