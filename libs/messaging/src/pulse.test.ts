import { ManualClock } from '@pdaltagent/testing';
import { type Replies } from 'amqplib';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Pulse } from './pulse';

const HOUR = 3_600_000;

/** A channel that answers pulses only when the test says so. */
class TestChannel {
  readonly #waiting: (() => void)[] = [];
  readonly subscriptions = new Set<string>();
  sent = 0;

  consume(): Promise<Replies.Consume> {
    this.sent += 1;
    const consumerTag = `pulse-${this.sent}`;
    return new Promise((resolve) =>
      this.#waiting.push(() => {
        this.subscriptions.add(consumerTag);
        resolve({ consumerTag });
      }),
    );
  }

  cancel(consumerTag: string): Promise<Replies.Cancel> {
    this.subscriptions.delete(consumerTag);
    return Promise.resolve({ consumerTag });
  }

  async answer(): Promise<void> {
    this.#waiting.shift()?.();
    await nextTurn();
  }
}

/** A pulse whose first one has just been answered. */
async function beating() {
  const clock = new ManualClock();
  const channel = new TestChannel();
  const pulse = new Pulse(clock);
  const started = pulse.start(channel);
  await channel.answer();
  await started;
  return { clock, channel, pulse };
}

it('owns no lanes before the first pulse is answered', () => {
  const pulse = new Pulse(new ManualClock());
  void pulse.start(new TestChannel());
  expect(pulse).toMatchObject({ ownsLanes: false, isSilent: true });
});

it('owns its lanes for four seconds after a pulse, and reconnects after ten', async () => {
  const { clock, pulse } = await beating();
  clock.advance(3_999);
  expect(pulse).toMatchObject({ ownsLanes: true, isSilent: false });
  clock.advance(1);
  expect(pulse).toMatchObject({ ownsLanes: false, isSilent: false });
  clock.advance(6_000);
  expect(pulse.isSilent).toBe(true);
});

it('sends a pulse every second, but no second one while the first is not answered', async () => {
  const { clock, channel } = await beating();
  clock.advance(1_000);
  clock.advance(1_000);
  expect(channel.sent).toBe(2);
  await channel.answer();
  clock.advance(1_000);
  expect(channel.sent).toBe(3);
});

it('says at the next pulse that the last one had been too old', async () => {
  const clock = new ManualClock();
  const channel = new TestChannel();
  const lapsed = jest.fn();
  const pulse = new Pulse(clock, lapsed);
  void pulse.start(channel);
  await channel.answer();
  lapsed.mockClear();
  for (const [ms, times] of [
    [3_900, 0],
    [4_100, 1],
  ] as const) {
    clock.advance(ms);
    await channel.answer();
    expect(lapsed).toHaveBeenCalledTimes(times);
  }
});

it('leaves no subscription', async () => {
  const { channel } = await beating();
  expect(channel).toMatchObject({ sent: 1, subscriptions: new Set() });
});

it('counts from the sending of a pulse, not from its reply', async () => {
  const { clock, channel, pulse } = await beating();
  clock.advance(4_500);
  await channel.answer();
  expect(pulse.ownsLanes).toBe(true);
  clock.advance(499);
  expect(pulse.ownsLanes).toBe(true);
  clock.advance(1);
  expect(pulse.ownsLanes).toBe(false);
});

it.each([
  ['was set back two hours', -2 * HOUR],
  ['was set forward three days, or went on while the machine was suspended', 72 * HOUR],
])('lets attempts wait until the next pulse once the wall clock %s, and keeps its connection', async (_, jump) => {
  const { clock, channel, pulse } = await beating();
  const attempt = jest.fn();
  clock.jump(jump);
  expect(pulse).toMatchObject({ ownsLanes: false, isSilent: false });
  pulse.once(attempt);
  clock.advance(1_000);
  await channel.answer();
  expect(attempt).toHaveBeenCalledTimes(1);
  expect(pulse.ownsLanes).toBe(true);
});

it('never starts an attempt that waited for a pulse on a connection that is lost', async () => {
  const { clock, channel, pulse } = await beating();
  const attempt = jest.fn();
  pulse.once(attempt);
  clock.advance(1_000);
  pulse.stop();
  await channel.answer();
  clock.advance(5_000);
  expect(attempt).not.toHaveBeenCalled();
  expect(channel.sent).toBe(2);
});
