import { delay, every, nextTurn } from '@pdaltagent/clock';
import { Scheduler } from './scheduler';
import { SeededRandom } from './seeded-random';
import { VirtualClock } from './virtual-clock';

/** Five processes that pass a token to each other after random delays, with timers that are due at the same time. */
async function traceOf(seed: number): Promise<readonly string[]> {
  const scheduler = new Scheduler(seed);
  const tokens = Array.from({ length: 5 }, async (_, index) => {
    const clock = new VirtualClock(scheduler, `process ${index}`);
    const random = new SeededRandom(seed, `process ${index}`);
    const stop = every(clock, 10, () => undefined);
    for (let pass = 0; pass < 20; pass += 1) await delay(clock, random.below(5));
    stop();
  });
  await scheduler.run(Promise.all(tokens));
  return scheduler.trace;
}

describe('the scheduler', () => {
  it('runs the same events in the same order for the same seed', async () => {
    const trace = await traceOf(1);
    expect(trace.length).toBeGreaterThan(100);
    expect(await traceOf(1)).toEqual(trace);
    expect(await traceOf(2)).not.toEqual(trace);
  });

  it('runs events in the order of their time, and simultaneous ones in every order, depending on the seed', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 50; seed += 1) {
      const scheduler = new Scheduler(seed);
      const ran: string[] = [];
      scheduler.schedule(2, 'later', () => ran.push('later'));
      for (const name of ['a', 'b', 'c']) scheduler.schedule(1, name, () => ran.push(name));
      await scheduler.runFor(3);
      expect(ran.pop()).toBe('later');
      orders.add(ran.join(''));
    }
    expect(orders).toEqual(new Set(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']));
  });

  it('finishes what follows from an event before the next one', async () => {
    const scheduler = new Scheduler(1);
    const order: string[] = [];
    scheduler.schedule(1, 'first', () => {
      void Promise.resolve()
        .then(() => undefined)
        .then(() => order.push('continuation'));
    });
    scheduler.schedule(2, 'second', () => order.push('second'));
    await scheduler.runFor(3);
    expect(order).toEqual(['continuation', 'second']);
  });

  it('finishes what follows in later turns of the event loop, too', async () => {
    const scheduler = new Scheduler(1);
    const order: string[] = [];
    scheduler.schedule(1, 'first', () => {
      void (async () => {
        for (const turn of ['first', 'second', 'third']) {
          await Promise.resolve();
          await new Promise<void>((resolve) => nextTurn(resolve));
          order.push(`${turn} turn at ${scheduler.now} ms`);
        }
      })();
    });
    scheduler.schedule(2, 'second', () => order.push('second'));
    await scheduler.runFor(3);
    expect(order).toEqual(['first turn at 1 ms', 'second turn at 1 ms', 'third turn at 1 ms', 'second']);
  });

  it('lets a year pass without waiting', async () => {
    const scheduler = new Scheduler(1);
    const clock = new VirtualClock(scheduler, 'process');
    const [monotonic, wall] = [clock.monotonic(), clock.wall()];
    await scheduler.run(delay(clock, 365 * 86_400_000));
    expect(clock.monotonic() - monotonic).toBe(365 * 86_400_000);
    expect(clock.wall() - wall).toBe(365 * 86_400_000);
  });

  it('does not run cancelled events', async () => {
    const scheduler = new Scheduler(1);
    const run = jest.fn();
    scheduler.schedule(1, 'cancelled', run)();
    await scheduler.runFor(2);
    expect(run).not.toHaveBeenCalled();
    expect(scheduler.trace.join('\n')).not.toContain('cancelled');
  });

  it('reports a result that nothing can settle any more, instead of waiting for it', async () => {
    const scheduler = new Scheduler(1);
    await expect(scheduler.run(new Promise(() => undefined))).rejects.toThrow('nothing is scheduled');
  });

  it('rejects with the exception that an event throws', async () => {
    const scheduler = new Scheduler(1);
    scheduler.schedule(1, 'a bug', () => {
      throw new Error('a bug');
    });
    await expect(scheduler.runFor(2)).rejects.toThrow('a bug');
  });

  it('has finished what an event began, also if that event throws', async () => {
    const scheduler = new Scheduler(1);
    const continued = jest.fn();
    scheduler.schedule(1, 'a bug', () => {
      nextTurn(() => nextTurn(continued));
      throw new Error('a bug');
    });
    await expect(scheduler.runFor(2)).rejects.toThrow('a bug');
    expect(continued).toHaveBeenCalledTimes(1);
  });
});

describe('the clock of a simulated process', () => {
  it('shows jumps of its own wall clock only, and its timers are not affected', async () => {
    const scheduler = new Scheduler(1);
    const [jumping, steady] = [new VirtualClock(scheduler, 'jumping'), new VirtualClock(scheduler, 'steady')];
    const called = jest.fn();
    jumping.after(100, called);
    jumping.jump(-7_200_000);
    await scheduler.runFor(99);
    expect(called).not.toHaveBeenCalled();
    await scheduler.runFor(1);
    expect(called).toHaveBeenCalledTimes(1);
    expect(jumping.wall()).toBe(steady.wall() - 7_200_000);
    expect(jumping.monotonic()).toBe(steady.monotonic());
  });

  it('calls nothing back any more once the process is killed, nor for timers set afterwards', async () => {
    const scheduler = new Scheduler(1);
    const clock = new VirtualClock(scheduler, 'killed');
    const called = jest.fn();
    clock.after(1, called);
    clock.stop();
    clock.after(1, called);
    await scheduler.runFor(10);
    expect(called).not.toHaveBeenCalled();
  });
});
