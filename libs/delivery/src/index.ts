export { BACKOFF, type Backoff, backoffMs } from './backoff';
export { classifyEvent, classifyWebhook, type EventPath } from './classify';
export { Dispatcher } from './dispatcher';
export { type DispatcherOptions } from './dispatcher-options';
export { type Held, type History } from './key-queue';
export {
  type AnsweredBy,
  type Attempt,
  type FailureReason,
  type FailureScope,
  type Fault,
  FAULTS,
  type Outcome,
  type WayScope,
} from './outcome';
export { type HeldUpBy, type Standing } from './message-status';
export { kindOfText } from './pagerduty-answer';
export { LONGEST_RETRY_AFTER_MS, retryAfterMs } from './retry-after';
export { type Burial, type Change, type Ports } from './ports';
export { WAY_FAULTS, type WayFault, wayFaultOf } from './connectivity';
