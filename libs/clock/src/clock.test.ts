import { delay, every, nextTurn, pendingTurns, SYSTEM_CLOCK, SYSTEM_RANDOM, timeoutSignal, uuid, uuidAt } from '.';
import { ManualClock } from '@pdaltagent/testing';
import { getEventListeners } from 'node:events';
import { validate, version } from 'uuid';

describe('the system clock', () => {
  it('continues while the wall clock is set back two hours', () => {
    const before = SYSTEM_CLOCK.monotonic();
    const wallBefore = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(wallBefore - 7_200_000);
    expect(SYSTEM_CLOCK.monotonic()).toBeGreaterThanOrEqual(before);
    expect(SYSTEM_CLOCK.wall()).toBe(wallBefore - 7_200_000);
    jest.restoreAllMocks();
  });

  it('calls back once, later, unless cancelled', async () => {
    const calls: string[] = [];
    SYSTEM_CLOCK.after(1, () => calls.push('cancelled'))();
    SYSTEM_CLOCK.after(1, () => calls.push('called'));
    expect(calls).toEqual([]);
    await delay(SYSTEM_CLOCK, 20);
    expect(calls).toEqual(['called']);
  });
});

describe('a delay', () => {
  it('resolves after its time, and not before', async () => {
    const clock = new ManualClock();
    const resolved = jest.fn();
    const delayed = delay(clock, 100).then(resolved);
    clock.advance(99);
    await Promise.resolve();
    expect(resolved).not.toHaveBeenCalled();
    clock.advance(1);
    await delayed;
    expect(resolved).toHaveBeenCalledTimes(1);
  });

  it('rejects as soon as its signal is aborted, with the reason as its cause', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const delayed = delay(clock, 100, stop.signal);
    stop.abort('stopped');
    await expect(delayed).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'stopped' });
  });

  it('rejects at once if its signal was already aborted', async () => {
    const delayed = delay(new ManualClock(), 100, AbortSignal.abort());
    await expect(delayed).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
  });

  it('leaves no listener on the signal of a service that runs for months', async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const delayed = delay(clock, 1, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    clock.advance(1);
    await delayed;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('a timeout signal', () => {
  it('is aborted once its time is over', () => {
    const clock = new ManualClock();
    const signal = timeoutSignal(clock, 100);
    clock.advance(99);
    expect(signal.aborted).toBe(false);
    clock.advance(1);
    expect(signal.aborted).toBe(true);
  });
});

describe('the next turn of the event loop', () => {
  it('runs after everything that was due in this one', async () => {
    const order: string[] = [];
    const turn = new Promise<void>((resolve) =>
      nextTurn(() => {
        order.push('next turn');
        resolve();
      }),
    );
    queueMicrotask(() => order.push('this turn'));
    await turn;
    expect(order).toEqual(['this turn', 'next turn']);
  });

  it('is pending until it begins', async () => {
    expect(pendingTurns()).toBe(0);
    const turn = new Promise<number>((resolve) => nextTurn(() => resolve(pendingTurns())));
    expect(pendingTurns()).toBe(1);
    expect(await turn).toBe(0);
  });
});

describe('a repeated call', () => {
  it('runs periodically until it is cancelled, even from within the callback', () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const start = clock.monotonic();
    const cancel = every(clock, 100, () => {
      at.push(clock.monotonic() - start);
      if (at.length === 3) cancel();
    });
    clock.advance(1_000);
    expect(at).toEqual([100, 200, 300]);
  });

  it('continues after an exception in the callback', () => {
    const clock = new ManualClock();
    const called = jest.fn(() => {
      throw new Error('a bug');
    });
    every(clock, 100, called);
    expect(() => clock.advance(100)).toThrow('a bug');
    expect(() => clock.advance(100)).toThrow('a bug');
    expect(called).toHaveBeenCalledTimes(2);
  });

  it('is not affected by jumps of the wall clock', () => {
    const clock = new ManualClock();
    const called = jest.fn();
    every(clock, 100, called);
    clock.jump(-7_200_000);
    clock.advance(100);
    clock.jump(3 * 86_400_000);
    clock.advance(100);
    expect(called).toHaveBeenCalledTimes(2);
  });
});

describe('the system randomness', () => {
  it('returns fractions from 0 to 1, and the requested number of bytes', () => {
    const fraction = SYSTEM_RANDOM.fraction();
    expect(fraction).toBeGreaterThanOrEqual(0);
    expect(fraction).toBeLessThan(1);
    expect(SYSTEM_RANDOM.bytes(16)).toHaveLength(16);
    expect(SYSTEM_RANDOM.bytes(16)).not.toEqual(SYSTEM_RANDOM.bytes(16));
  });

  it('generates version 4 UUIDs, which repeat if the randomness does', () => {
    expect(version(uuid(SYSTEM_RANDOM))).toBe(4);
    expect(uuid(SYSTEM_RANDOM)).not.toBe(uuid(SYSTEM_RANDOM));
    const same = { fraction: () => 0, bytes: (count: number) => new Uint8Array(count).fill(7) };
    expect(uuid(same)).toBe(uuid(same));
  });

  it('generates version 7 UUIDs, which begin with their time', () => {
    const at = 0x0123_4567_89ab;
    expect(uuidAt(at, SYSTEM_RANDOM)).toMatch(/^01234567-89ab-7/);
    expect(validate(uuidAt(at, SYSTEM_RANDOM))).toBe(true);
    expect(uuidAt(at, SYSTEM_RANDOM)).not.toBe(uuidAt(at, SYSTEM_RANDOM));
  });

  it('never returns a byte twice, even if callers modify the result', () => {
    const given = Array.from({ length: 2_000 }, () => SYSTEM_RANDOM.bytes(16));
    const texts = given.map((bytes) => Buffer.from(bytes).toString('hex'));
    expect(new Set(texts).size).toBe(given.length);
    given[0]?.fill(0);
    expect(Buffer.from(given[1] ?? []).toString('hex')).toBe(texts[1]);
    expect(SYSTEM_RANDOM.bytes(10_000)).toHaveLength(10_000);
  });
});
