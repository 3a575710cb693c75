import { endOf, FAULT_BOUNDS } from './fault-bounds';
import { type Fault, FAULTS_UNTIL_MS } from './faults';

/** Senders go on for a while after the last fault. */
export const SEND_UNTIL_MS = FAULTS_UNTIL_MS + 5_000;
/** A world without faults is drained within 4 s. */
const DRAIN_MS = 15_000;
/**
 * So much longer if PagerDuty accepts two events a second of a key, fewer than the noisiest send: what they sent in excess takes
 * one more of its minutes, and a second one if a worker learned too low a rate because another one had used up part of a minute.
 * In 800 worlds it took 113 s at most after the senders.
 */
const LOW_RATE_MS = 120_000;
const LOW_RATE = 120;

/** When everything must be drained; ms. @param rate how many events per minute of a key PagerDuty accepts */
export function drainDeadlineOf(faults: readonly Fault[], rate: number): number {
  const recovered = faults.map((fault) => Math.max(SEND_UNTIL_MS, endOf(fault)) + FAULT_BOUNDS[fault.kind].drainMs);
  return Math.max(SEND_UNTIL_MS + DRAIN_MS, ...recovered) + (rate <= LOW_RATE ? LOW_RATE_MS : 0);
}
