export { BACKOFF, type Backoff, backoffMs } from './backoff';
export { classifyEvent, classifyWebhook, type EventPath } from './classify';
export { type Attempt, type FailureReason, type FailureScope, type Fault, FAULTS, type Outcome } from './outcome';
export { LONGEST_RETRY_AFTER_MS, retryAfterMs } from './retry-after';
