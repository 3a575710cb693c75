import { CHECK_EVERY_MS, StallMonitor } from './stall-monitor';

/** One that was due a moment ago, and how often it has looked since. */
function monitorDueNow() {
  const liveness = { ownsLanes: true };
  let looks = 0;
  let now = 1_000_000;
  const monitor = new StallMonitor(liveness, () => (looks += 1));
  const dueAfter = (ms: number): number => {
    now += ms;
    looks = 0;
    monitor.due(now);
    return looks;
  };
  dueAfter(0);
  return { liveness, dueAfter };
}

it('looks whenever that is due', () => {
  const { dueAfter } = monitorDueNow();
  expect(dueAfter(CHECK_EVERY_MS)).toBe(1);
  expect(dueAfter(CHECK_EVERY_MS + 500)).toBe(1);
});

it('looks only the next time behind a pause of the process: answers that came in it are not yet read', () => {
  const { dueAfter } = monitorDueNow();
  expect(dueAfter(2_500)).toBe(0);
  expect(dueAfter(CHECK_EVERY_MS)).toBe(1);
});

it('does not look while the broker is silent, for attempts wait until it is heard', () => {
  const { liveness, dueAfter } = monitorDueNow();
  liveness.ownsLanes = false;
  expect(dueAfter(CHECK_EVERY_MS)).toBe(0);
  liveness.ownsLanes = true;
  expect(dueAfter(CHECK_EVERY_MS)).toBe(1);
});
