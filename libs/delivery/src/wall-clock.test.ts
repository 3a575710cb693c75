import { Harness, DELIVERED, FAILED, THROTTLED } from './dispatcher.fixture';

const HOUR = 3_600_000;
const JUMPS = [
  ['back two hours', -2 * HOUR],
  ['forward three days', 72 * HOUR],
] as const;

/** Without expiry: a jump makes messages look older, or younger, than they are. */
const harness = () => new Harness({ maximumAgeMs: 365 * 24 * HOUR });

/** A key that PagerDuty throttled after 120 events in two minutes, so that its rate is known. */
function withLearnedRate(): Harness {
  const learned = harness();
  for (let index = 0; index < 120; index += 1) {
    learned.settle(learned.add('k', `alert ${index}`), DELIVERED);
    learned.clock.advance(1_000);
  }
  learned.settle(learned.add('k', 'throttled'), THROTTLED);
  return learned;
}

/** How many of the key's alerts are delivered within a minute. */
function deliveredInAMinute(of: Harness): number {
  for (let index = 0; index < 200; index += 1) of.add('k', `later ${index}`);
  let delivered = 0;
  for (let second = 0; second < 60; second += 1) {
    of.clock.advance(1_000);
    for (const message of [...of.attempting]) {
      of.settle(message, DELIVERED);
      delivered += 1;
    }
  }
  return delivered;
}

describe.each(JUMPS)('a wall clock that is set %s', (_, jump) => {
  it('does not change the learned rate of a key', () => {
    const undisturbed = deliveredInAMinute(withLearnedRate());
    const disturbed = withLearnedRate();
    disturbed.clock.jump(jump);
    expect(undisturbed).toBeGreaterThan(50);
    expect(deliveredInAMinute(disturbed)).toBe(undisturbed);
  });

  it('neither shortens nor lengthens the wait after a failure', () => {
    const one = harness();
    const message = one.add('k', 'a');
    one.settle(message, FAILED);
    one.clock.jump(jump);
    one.clock.advance(499);
    expect(one.attempting.size).toBe(0);
    one.clock.advance(1);
    expect(one.attempting.size).toBe(1);
  });

  it('lets failures still open the circuit, and a success close it', () => {
    const one = harness();
    one.settle(one.add('k', 'a'), DELIVERED);
    one.clock.jump(jump);
    for (let index = 0; index < 10; index += 1) one.settle(one.add(`k${index}`, 'b'), FAILED);
    expect(one.dispatcher.openCircuits).toBe(1);
    one.clock.jump(jump);
    one.clock.advance(1_000);
    for (const probe of [...one.attempting]) one.settle(probe, DELIVERED);
    expect(one.dispatcher.openCircuits).toBe(0);
  });

  it('neither hides hanging attempts nor makes healthy ones look hanging', () => {
    const one = harness();
    for (let alert = 0; alert < 20; alert += 1) one.add('k', String(alert));
    one.clock.jump(jump);
    one.dispatcher.preemption.interrupt('k');
    expect(one.interrupting).toHaveLength(0);
    one.clock.advance(2_500);
    one.dispatcher.preemption.interrupt('k');
    expect(one.interrupting).toHaveLength(20);
  });

  it('determines the times in a trace, while durations stay correct', () => {
    const one = harness();
    const message = one.add('k', 'a');
    one.settle(message, FAILED);
    one.clock.jump(jump);
    one.clock.advance(100);
    expect(one.dispatcher.statusOf(message)).toMatchObject({
      blockedBy: 'backoff',
      nextAttemptAt: one.clock.wall() + 400,
    });
  });
});
