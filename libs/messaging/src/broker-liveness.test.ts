import { ManualClock } from '@pdaltagent/testing';
import { BrokerLiveness } from './broker-liveness';

const HOUR = 3_600_000;

/** The liveness of a broker that has just answered. */
function heard() {
  const clock = new ManualClock();
  const liveness = new BrokerLiveness(clock);
  liveness.recordReply();
  return { clock, liveness };
}

it('owns no lanes before the broker has answered', () => {
  const liveness = new BrokerLiveness(new ManualClock());
  expect(liveness).toMatchObject({ ownsLanes: false, isSilent: true });
});

it('owns its lanes for less than a heartbeat after a reply, and reconnects after two', () => {
  const { clock, liveness } = heard();
  clock.advance(4_499);
  expect(liveness).toMatchObject({ ownsLanes: true, isSilent: false });
  clock.advance(1);
  expect(liveness).toMatchObject({ ownsLanes: false, isSilent: false });
  clock.advance(5_500);
  expect(liveness.isSilent).toBe(true);
});

it('counts from the request, not from the reply', () => {
  const { clock, liveness } = heard();
  const asked = liveness.now();
  clock.advance(4_000);
  liveness.recordReply(asked);
  clock.advance(1_000);
  expect(liveness.ownsLanes).toBe(false);
});

it.each([
  ['was set back two hours', -2 * HOUR],
  ['was set forward three days, or went on while the machine was suspended', 72 * HOUR],
])('lets attempts wait until the next answer once the wall clock %s, and keeps its connection', (_, jump) => {
  const { clock, liveness } = heard();
  const attempt = jest.fn();
  clock.jump(jump);
  expect(liveness).toMatchObject({ ownsLanes: false, isSilent: false });
  liveness.once(attempt);
  clock.advance(1_000);
  liveness.recordReply();
  expect(attempt).toHaveBeenCalledTimes(1);
  expect(liveness.ownsLanes).toBe(true);
});
