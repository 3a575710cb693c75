import { CHECK_EVERY_MS, StallMonitor } from './stall-monitor';

/** A monitor that was due just now, and how often it has checked since. */
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

it('checks whenever a check is due', () => {
  const { dueAfter } = monitorDueNow();
  expect(dueAfter(CHECK_EVERY_MS)).toBe(1);
  expect(dueAfter(CHECK_EVERY_MS + 500)).toBe(1);
});

it('skips the first check after a pause of the process: responses that arrived meanwhile are not read yet', () => {
  const { dueAfter } = monitorDueNow();
  expect(dueAfter(2_500)).toBe(0);
  expect(dueAfter(CHECK_EVERY_MS)).toBe(1);
});

it('does not check while the broker is silent, because attempts wait for it', () => {
  const { liveness, dueAfter } = monitorDueNow();
  liveness.ownsLanes = false;
  expect(dueAfter(CHECK_EVERY_MS)).toBe(0);
  liveness.ownsLanes = true;
  expect(dueAfter(CHECK_EVERY_MS)).toBe(1);
});
