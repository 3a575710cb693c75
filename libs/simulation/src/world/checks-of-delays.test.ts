import { SimulatedProcess } from '../simulated-process';
import { bodyOf, idOf } from './event';
import { type Fault } from './faults';
import { judgeOutcome } from './oracle';
import { Peaks } from './peaks';
import { keyOf, pick } from './targets';
import { KEYS, World } from './world';

const HANGING: Fault = { kind: 'a key hangs', at: 4_000, ms: 20_000, target: 0 };
const KILLED: Fault = { kind: 'a worker is killed', at: 10_000, ms: 2_000, target: 0 };

/**
 * The delays that are too long in a world of which PagerDuty received one event.
 * @param event when it was accepted and received, and whether it belongs to the key that hangs or is throttled
 */
function tooLong(
  faults: readonly Fault[],
  event: { readonly from: number; readonly to: number; readonly isOfNoisyKey?: boolean; readonly throttled?: boolean },
): readonly string[] {
  const { from, to, isOfNoisyKey = false, throttled = false } = event;
  const world = new World(1, false);
  const noisy = keyOf(1, HANGING);
  if (throttled) {
    world.pagerDuty.rate = 120;
    world.pagerDuty.throttledKeys.add(noisy);
  }
  const routingKey = isOfNoisyKey
    ? noisy
    : pick(
        KEYS.filter((key) => key !== noisy),
        0,
      );
  const sent = { routingKey, alert: 'alert-0.0', index: 0, action: 'trigger' } as const;
  const id = idOf(sent, 0);
  world.senders.sent.set(id, sent);
  world.senders.accepted.push({ id, event: sent, at: from });
  const request = world.pagerDuty.requests.sent({
    id,
    event: sent,
    process: new SimulatedProcess(world.scheduler, 'worker'),
    at: from,
    ownedLane: true,
    ownsLane: () => true,
    hasCopy: false,
    isUncertain: () => false,
  });
  world.pagerDuty.processed.push({ at: to, request, body: bodyOf(sent) });
  const { problems } = judgeOutcome({ world, faults, drainedAt: to, peaks: new Peaks(world) });
  return problems.map(({ detail }) => detail);
}

describe('an event waits too long', () => {
  it('if the key of another one hangs, or is throttled by the rate of PagerDuty', () => {
    const late = { from: 5_000, to: 9_000 };
    expect(tooLong([HANGING], late)).toEqual(['alert-0.0/0/0 took 4000 ms, not 3000']);
    expect(tooLong([], { ...late, throttled: true })).toEqual(['alert-0.0/0/0 took 4000 ms, not 3000']);
  });

  it('not if its own key hangs, or is throttled', () => {
    const late = { from: 5_000, to: 25_000, isOfNoisyKey: true };
    expect(tooLong([HANGING], late)).toEqual([]);
    expect(tooLong([], { ...late, throttled: true })).toEqual([]);
  });

  it('if the worker of its lane is killed meanwhile, but not for as long as that takes', () => {
    const faults = [HANGING, KILLED];
    expect(tooLong(faults, { from: 9_000, to: 22_500 })).toEqual([]);
    expect(tooLong(faults, { from: 9_000, to: 23_500 })).toEqual(['alert-0.0/0/0 took 3500 ms, not 3000']);
    expect(tooLong(faults, { from: 5_000, to: 9_000 })).toEqual(['alert-0.0/0/0 took 4000 ms, not 3000']);
  });

  it('not while two faults overlap, of which each takes its time', () => {
    const other = { ...KILLED, at: 11_000, ms: 9_000 };
    expect(tooLong([other, KILLED], { from: 9_000, to: 30_900 })).toEqual([]);
    expect(tooLong([other, KILLED], { from: 9_000, to: 31_100 })).toEqual(['alert-0.0/0/0 took 3100 ms, not 3000']);
  });
});
