import { LOOK_EVERY_MS, StallMonitor } from './stall-monitor';

/** One that was due a moment ago, and how often it has looked since. */
function lookout() {
  const liveness = { holdsLanes: true };
  let looks = 0;
  let now = 1_000_000;
  const out = new StallMonitor(liveness, () => (looks += 1));
  const dueAfter = (ms: number): number => {
    now += ms;
    looks = 0;
    out.due(now);
    return looks;
  };
  dueAfter(0);
  return { liveness, dueAfter };
}

it('looks whenever that is due', () => {
  const { dueAfter } = lookout();
  expect(dueAfter(LOOK_EVERY_MS)).toBe(1);
  expect(dueAfter(LOOK_EVERY_MS + 500)).toBe(1);
});

it('looks only the next time behind a pause of the process: answers that came in it are not yet read', () => {
  const { dueAfter } = lookout();
  expect(dueAfter(2_500)).toBe(0);
  expect(dueAfter(LOOK_EVERY_MS)).toBe(1);
});

it('does not look while the broker is silent, for attempts wait until it is heard', () => {
  const { liveness, dueAfter } = lookout();
  liveness.holdsLanes = false;
  expect(dueAfter(LOOK_EVERY_MS)).toBe(0);
  liveness.holdsLanes = true;
  expect(dueAfter(LOOK_EVERY_MS)).toBe(1);
});
