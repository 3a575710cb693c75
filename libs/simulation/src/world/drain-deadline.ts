import { type Fault, type FaultKind, FAULTS_UNTIL_MS } from './faults';

/** Senders go on for a while after the last fault. */
export const SEND_UNTIL_MS = FAULTS_UNTIL_MS + 5_000;
/**
 * How long after that everything may take to be drained, about twice the most in 1,000 worlds: in half of them it took 4 s, in
 * all 30 s at most.
 */
const DRAIN_MS = 60_000;
/**
 * The same if PagerDuty accepts two events a second of a key, fewer than the noisiest send: 60 s, and 150 s once, when a worker
 * learned too low a rate because another one had used up part of PagerDuty's window.
 */
const THROTTLED_DRAIN_MS = 300_000;
const LOW_RATE = 120;
/** With faults that last longer than others, or of which the product recovers only late: that is not fixed yet. */
const LATE_DRAIN_MS = 300_000;
const LATE: readonly FaultKind[] = [
  'a siding does not answer',
  'a node is cut off from the others',
  'a node is killed',
  'a majority of the nodes is killed',
  'two nodes lose each other',
  "a lane's leader changes",
  'a lane has no leader',
  'a siding has no leader',
  'the backlog raises an alarm',
  'a key is slow',
];

/** When everything must be drained; ms. @param rate how many events per minute of a key PagerDuty accepts */
export function drainDeadlineOf(faults: readonly Fault[], rate: number): number {
  if (faults.some(({ kind }) => LATE.includes(kind))) return SEND_UNTIL_MS + LATE_DRAIN_MS;
  return SEND_UNTIL_MS + (rate <= LOW_RATE ? THROTTLED_DRAIN_MS : DRAIN_MS);
}
