import { type PoisonEvidence } from './key-queue';
import { type FailureReason, type Outcome } from './outcome';

/**
 * How often, and for how many milliseconds, a message must fail while its destination accepts others before it
 * becomes a dead letter.
 */
export interface PoisonLimit {
  readonly failures: number;
  readonly ms: number;
}

/** An intermediary may refuse a message as too large and accept it once its configuration is changed. */
const REFUSED_IN_BETWEEN: PoisonLimit = { failures: 10, ms: 10 * 60_000 };

/** Undefined: such a failure is never evidence against the message. */
export function poisonLimit(
  { scope, reason }: Extract<Outcome, { readonly kind: 'failed' }>,
  poisonAfterMs: number,
): PoisonLimit | undefined {
  if (scope === 'message') return REFUSED_IN_BETWEEN;
  return reason === 'server-error' ? { failures: 1, ms: poisonAfterMs } : undefined;
}

/**
 * The evidence against a message after another failure. Only failures while the destination accepts others count:
 * during an outage everything fails, and for a while after it much still does. `acceptingSince` and `now`: monotonic
 * clock.
 */
export function evidenceAfter(
  previous: PoisonEvidence | undefined,
  { reason, acceptingSince, now }: { reason: FailureReason; acceptingSince: number | undefined; now: number },
): PoisonEvidence | undefined {
  if (acceptingSince === undefined) return undefined;
  const goesOn = previous?.reason === reason && previous.since >= acceptingSince;
  return { reason, since: goesOn ? previous.since : now, failures: goesOn ? previous.failures + 1 : 1 };
}
