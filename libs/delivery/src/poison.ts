import { type Suspicion } from './key-queue';
import { type FailureReason, type Outcome } from './outcome';

/** How often, and for how many milliseconds, a message must fail while its destination takes others, to be set aside for it. */
export interface PoisonLimit {
  readonly failures: number;
  readonly ms: number;
}

/** Something in between may find a message too large now and take it once it is configured to. */
const REFUSED_IN_BETWEEN: PoisonLimit = { failures: 10, ms: 10 * 60_000 };

/** Undefined: such a failure never speaks against the message. */
export function poisonLimit(
  { scope, reason }: Extract<Outcome, { readonly kind: 'failed' }>,
  poisonAfterMs: number,
): PoisonLimit | undefined {
  if (scope === 'message') return REFUSED_IN_BETWEEN;
  return reason === 'server-error' ? { failures: 1, ms: poisonAfterMs } : undefined;
}

/**
 * What speaks against a message after one more failure. Only what happens while the destination takes others counts: during an
 * outage everything fails, and for a while after it much still does. `acceptingSince` and `now`: monotonic clock.
 */
export function suspicionAfter(
  previous: Suspicion | undefined,
  { reason, acceptingSince, now }: { reason: FailureReason; acceptingSince: number | undefined; now: number },
): Suspicion | undefined {
  if (acceptingSince === undefined) return undefined;
  const goesOn = previous?.reason === reason && previous.since >= acceptingSince;
  return { reason, since: goesOn ? previous.since : now, failures: goesOn ? previous.failures + 1 : 1 };
}
