export { BACKOFF, type Backoff, backoffMs } from './backoff';
export { classifyEvent, classifyWebhook, type EventPath } from './classify';
export { type Clock, SYSTEM_CLOCK } from './clock';
export { Dispatcher } from './dispatcher';
export { type DispatcherOptions } from './dispatcher-options';
export { type Held, type History } from './lines';
export { type Attempt, type FailureReason, type FailureScope, type Fault, FAULTS, type Outcome } from './outcome';
export { LONGEST_RETRY_AFTER_MS, retryAfterMs } from './retry-after';
export { type Burial, type Change, type Ports } from './ports';
