import { ManualClock } from '@pdaltagent/testing';
import { Hearing } from './broker-liveness';

const HOUR = 3_600_000;

/** Of a broker that has just answered. */
function heard() {
  const clock = new ManualClock();
  const hearing = new Hearing(clock);
  hearing.heard();
  return { clock, hearing };
}

it('holds no lanes before the broker was ever heard', () => {
  const hearing = new Hearing(new ManualClock());
  expect(hearing).toMatchObject({ holdsLanes: false, isSilent: true });
});

it('holds its lanes for less than a heartbeat after an answer, and reconnects after two', () => {
  const { clock, hearing } = heard();
  clock.advance(4_499);
  expect(hearing).toMatchObject({ holdsLanes: true, isSilent: false });
  clock.advance(1);
  expect(hearing).toMatchObject({ holdsLanes: false, isSilent: false });
  clock.advance(5_500);
  expect(hearing.isSilent).toBe(true);
});

it('counts from the question, not from the answer', () => {
  const { clock, hearing } = heard();
  const asked = hearing.now();
  clock.advance(4_000);
  hearing.heard(asked);
  clock.advance(1_000);
  expect(hearing.holdsLanes).toBe(false);
});

it.each([
  ['was set back two hours', -2 * HOUR],
  ['was set forward three days, or went on while the machine was suspended', 72 * HOUR],
])('lets attempts wait until the next answer once the wall clock %s, and keeps its connection', (_, jump) => {
  const { clock, hearing } = heard();
  const attempt = jest.fn();
  clock.jump(jump);
  expect(hearing).toMatchObject({ holdsLanes: false, isSilent: false });
  hearing.once(attempt);
  clock.advance(1_000);
  hearing.heard();
  expect(attempt).toHaveBeenCalledTimes(1);
  expect(hearing.holdsLanes).toBe(true);
});
