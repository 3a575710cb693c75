export { type CertificateFault, certificateFaultOf, connectionProblem } from './certificate-fault';
export { BACKOFF, type Backoff, backoffMs } from './backoff';
export { classifyEvent, classifyWebhook, type EventPath } from './classify';
export { Dispatcher } from './dispatcher';
export { type DispatcherOptions } from './dispatcher-options';
export { type AttemptSummary, type Deliverable } from './key-queue';
export {
  type Responder,
  type Attempt,
  type ConnectivityScope,
  type FailureReason,
  type FailureScope,
  type Fault,
  FAULTS,
  type Outcome,
} from './outcome';
export { type BlockedBy, type MessageStatus } from './message-status';
export { FRAMING_HEADERS } from './framing-headers';
export { kindOfText } from './pagerduty-response';
export { LONGEST_RETRY_AFTER_MS, retryAfterMs } from './retry-after';
export { type Change, type DeadLetterCause, type Ports } from './ports';
export { CONNECTIVITY_FAULTS, type ConnectivityFault, connectivityFaultOf } from './connectivity';
