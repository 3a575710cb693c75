import { type ConnectivityFault } from './connectivity';
import { type AttemptSummary } from './key-queue';
import { type ConnectivityScope, type Outcome } from './outcome';

/** Why a message becomes a dead letter. */
export type DeadLetterCause =
  | { readonly reason: 'rejected'; readonly status: number; readonly response: string }
  | { readonly reason: 'expired'; readonly status: number | undefined; readonly response: string }
  | { readonly reason: 'poison'; readonly status: number | undefined; readonly response: string };

/** A change of state, to be logged. */
export type Change =
  | { readonly kind: 'circuit-opened'; readonly destination: string; readonly outcome: Outcome }
  | { readonly kind: 'circuit-closed'; readonly destination: string }
  | { readonly kind: 'key-throttled'; readonly routingKey: string }
  | { readonly kind: 'key-recovered'; readonly routingKey: string }
  /** `attempts`: how many hanging attempts were interrupted. */
  | { readonly kind: 'key-interrupted'; readonly routingKey: string; readonly attempts: number }
  /** The outcome is undefined if an operator or another worker paused it. */
  | { readonly kind: 'key-paused'; readonly routingKey: string; readonly outcome: Outcome | undefined }
  | { readonly kind: 'key-resumed'; readonly routingKey: string }
  /** `name`: the destination, or the routing key if only that key is affected. */
  | {
      readonly kind: 'connectivity-broken';
      readonly scope: ConnectivityScope;
      readonly name: string;
      readonly fault: ConnectivityFault;
      readonly outcome: Outcome;
    }
  /** An intermediary refused a message; reported at its first such attempt, at most once a minute per destination. */
  | { readonly kind: 'message-refused'; readonly routingKey: string; readonly id: string; readonly outcome: Outcome }
  | { readonly kind: 'connectivity-restored'; readonly scope: ConnectivityScope; readonly name: string };

/**
 * What the dispatcher requests. For each message: attempts, then one `acknowledge` or `deadLetter`, answered by
 * `done`.
 */
export interface Ports<M> {
  /** Post it once, then call `settle`. */
  attempt(message: M): void;
  /**
   * Abort its attempt, so that nothing more can come of it, then call `retryInterrupted`; or `settle`, if its response
   * came first.
   */
  interrupt(message: M): void;
  /** The destination accepted it: acknowledge it to the broker, then call `done`. */
  acknowledge(message: M): void;
  /** It cannot be delivered: write its dead letter, then call `done`. */
  deadLetter(message: M, cause: DeadLetterCause, history: AttemptSummary): void;
  onChange(change: Change): void;
}
