import { type ConnectivityFault } from './connectivity';
import { type AttemptSummary } from './key-queue';
import { type ConnectivityScope, type Outcome } from './outcome';

/** Why a message is set aside for good: it becomes a dead letter with this reason. */
export type DeadLetterCause =
  | { readonly reason: 'rejected'; readonly status: number; readonly answer: string }
  | { readonly reason: 'expired'; readonly status: number | undefined; readonly answer: string }
  | { readonly reason: 'poison'; readonly status: number | undefined; readonly answer: string };

/** A change worth a line in the log. */
export type Change =
  | { readonly kind: 'circuit-opened'; readonly destination: string; readonly outcome: Outcome }
  | { readonly kind: 'circuit-closed'; readonly destination: string }
  | { readonly kind: 'key-throttled'; readonly routingKey: string }
  | { readonly kind: 'key-recovered'; readonly routingKey: string }
  /** So many attempts that hung were taken off the wire. */
  | { readonly kind: 'key-interrupted'; readonly routingKey: string; readonly attempts: number }
  /** The outcome is undefined where no answer but somebody else paused it. */
  | { readonly kind: 'key-paused'; readonly routingKey: string; readonly outcome: Outcome | undefined }
  | { readonly kind: 'key-resumed'; readonly routingKey: string }
  /** `name`: of the destination, or the routing key where the fault is of that key alone. */
  | {
      readonly kind: 'connectivity-broken';
      readonly scope: ConnectivityScope;
      readonly name: string;
      readonly fault: ConnectivityFault;
      readonly outcome: Outcome;
    }
  /** Something in between refuses one message; said at its first such attempt, and once a minute at most for a destination. */
  | { readonly kind: 'message-refused'; readonly routingKey: string; readonly id: string; readonly outcome: Outcome }
  | { readonly kind: 'connectivity-restored'; readonly scope: ConnectivityScope; readonly name: string };

/** What the dispatcher asks of the world. For each message: attempts, then one acknowledge or deadLetter, answered by `done`. */
export interface Ports<M> {
  /** Post it once, then call `settle`. */
  attempt(message: M): void;
  /** Take it off the wire, so that nothing more can come of it, then call `interrupted`; or `settle`, if its answer came first. */
  interrupt(message: M): void;
  /** The destination took it: let the broker forget it, then call `done`. */
  acknowledge(message: M): void;
  /** Nothing will deliver it: write its dead letter, then call `done`. */
  deadLetter(message: M, cause: DeadLetterCause, history: AttemptSummary): void;
  changed(change: Change): void;
}
