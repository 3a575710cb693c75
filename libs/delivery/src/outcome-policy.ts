import { backoffMs } from './backoff';
import { type Destination } from './destination';
import { type DispatcherOptions } from './dispatcher-options';
import { type Deliverable, type KeyQueue, type QueuedMessage } from './key-queue';
import { type Outcome } from './outcome';
import { type Change, type DeadLetterCause } from './ports';
import { poisonLimit, evidenceAfter } from './poison';
import { connectivityFaultOf } from './connectivity';

type Failed = Extract<Outcome, { readonly kind: 'failed' }>;

/** What to do with a message after an attempt. Waits are in milliseconds. */
export type Decision =
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'dead-letter'; readonly cause: DeadLetterCause }
  /** Retry after a wait; all messages of its order key wait with it. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** The same, and the whole routing key waits: at least that long if the destination requested it. */
  | { readonly kind: 'key-waits'; readonly ms: number; readonly isRequested: boolean }
  /** The same, until the key is resumed. */
  | { readonly kind: 'pause' };

export interface OutcomePolicyPorts<M extends Deliverable> {
  onCircuitOpened(destination: Destination<M>): void;
  onCircuitClosed(destination: Destination<M>): void;
  /** A message of a key that had been failing was answered. */
  onKeyResponded(key: KeyQueue<M>): void;
  onChange(change: Change): void;
}

const THROTTLE_BACKOFF = { baseMs: 2_000, capMs: 30_000 };
/** Messages refused by an intermediary are reported no more often than this. */
const REPORT_EVERY_MS = 60_000;
/** A key that was not throttled for this long no longer counts as throttled. */
const RECOVERED_AFTER_MS = 5 * 60_000;

/** A message whose attempts end in this many exceptions becomes a dead letter, if others are delivered. */
const MAX_ERRORS = 5;

/** Decides from each outcome what it means for the message, its routing key, its connectivity and its destination. */
export class OutcomePolicy<M extends Deliverable> {
  readonly #options: DispatcherOptions<M>;
  readonly #ports: OutcomePolicyPorts<M>;

  constructor(options: DispatcherOptions<M>, ports: OutcomePolicyPorts<M>) {
    this.#options = options;
    this.#ports = ports;
  }

  decide(entry: QueuedMessage<M>, outcome: Outcome): Decision {
    const { key } = entry.queue;
    const now = this.#options.clock.monotonic();
    if (outcome.status !== undefined) {
      key.responseTimeMs = now - (entry.history.attemptBeganAt ?? now);
      key.respondedAt = now;
    }
    switch (outcome.kind) {
      case 'delivered':
        this.#recordResponse(key, true, now);
        key.destination.inError.clear();
        key.rateLimit.recordAccepted(now);
        this.#recordRecovery(key, now);
        return { kind: 'acknowledge' };
      case 'rejected':
        this.#recordResponse(key, true, now);
        return {
          kind: 'dead-letter',
          cause: { reason: 'rejected', status: outcome.status, response: outcome.response },
        };
      case 'gone':
        this.#recordResponse(key, false, now);
        return this.isExpired(entry) ? expired(outcome.status, outcome.response) : { kind: 'pause' };
      case 'throttled':
        this.#recordResponse(key, false, now);
        key.rateLimit.recordThrottled(now);
        if (key.throttledAt === undefined) this.#ports.onChange({ kind: 'key-throttled', routingKey: key.routingKey });
        key.throttledAt = now;
        return this.isExpired(entry) ? expired(outcome.status, '') : this.#delayKey(key, outcome.retryAfterMs);
      case 'failed':
        return this.#decideFailure(entry, outcome, now);
      case 'error':
        return this.#error(entry, outcome.detail);
    }
  }

  /**
   * By the clock of the host that accepted the message, which may be wrong, and by how long this worker has held it:
   * nothing expires before it has been tried for that long. Unless its key is paused, a message is checked only after an attempt.
   */
  isExpired({ message, history }: QueuedMessage<M>): boolean {
    const { clock, maximumAgeMs } = this.#options;
    const now = clock.monotonic();
    return now - (history.firstHeldAt ?? now) > maximumAgeMs && clock.wall() - message.receivedAt > maximumAgeMs;
  }

  #decideFailure(entry: QueuedMessage<M>, outcome: Failed, now: number): Decision {
    const { key } = entry.queue;
    const cause = this.#causeOf(entry, outcome, now);
    this.#checkConnectivity(entry, outcome, now);
    const isOwn = outcome.scope === 'key' || (outcome.scope === 'destination' && key.failsIndependently);
    if (outcome.scope === 'destination') key.failures += 1;
    if (outcome.status !== undefined) key.hangs = false;
    // Several messages refused by an intermediary concern the destination; one that is refused again does not.
    const isNew = outcome.scope === 'message' && entry.history.attempts === 1;
    if (isNew || (outcome.scope === 'destination' && !isOwn)) this.#recordDestinationFailure(entry, outcome);
    if (cause !== undefined) return { kind: 'dead-letter', cause };
    if (isOwn) return this.#delayKey(key, outcome.retryAfterMs);
    const wait = backoffMs(entry.history.attempts, this.#options.random.fraction());
    return { kind: 'wait', ms: Math.max(wait, outcome.retryAfterMs ?? 0) };
  }

  /**
   * A message that cannot be sent becomes a dead letter; if no message can be sent, the messages are not the cause
   * and wait.
   */
  #error(entry: QueuedMessage<M>, detail: string): Decision {
    const { message, queue, history } = entry;
    const end = { status: undefined, response: `the message cannot be sent: ${detail}` };
    if (this.isExpired(entry)) return { kind: 'dead-letter', cause: { reason: 'expired', ...end } };
    const { inError } = queue.key.destination;
    if (inError.size < 2) inError.add(message.id);
    history.errors += 1;
    const isAlone = inError.size === 1 && inError.has(message.id);
    if (history.errors < MAX_ERRORS || !isAlone)
      return { kind: 'wait', ms: backoffMs(history.errors, this.#options.random.fraction()) };
    inError.delete(message.id);
    return { kind: 'dead-letter', cause: { reason: 'poison', ...end } };
  }

  #causeOf(entry: QueuedMessage<M>, outcome: Failed, now: number): DeadLetterCause | undefined {
    const { queue, history } = entry;
    const end = { status: outcome.status, response: outcome.detail };
    if (this.isExpired(entry)) return { reason: 'expired', ...end };
    const limit = poisonLimit(outcome, this.#options.poisonAfterMs);
    if (limit === undefined) return undefined;
    const acceptingSince = queue.key.destination.circuit.acceptingSince(now);
    history.poisonEvidence = evidenceAfter(history.poisonEvidence, { reason: outcome.reason, acceptingSince, now });
    const { since = now, failures = 0 } = history.poisonEvidence ?? {};
    return failures >= limit.failures && now - since >= limit.ms ? { reason: 'poison', ...end } : undefined;
  }

  /** Waits as long as the destination requests, or longer with every setback. */
  #delayKey(key: KeyQueue<M>, retryAfterMs: number | undefined): Decision {
    // Several concurrent attempts are throttled at once: they are one setback.
    if (key.stopWaiting === undefined) key.consecutiveSetbacks += 1;
    const jittered = backoffMs(key.consecutiveSetbacks, this.#options.random.fraction(), THROTTLE_BACKOFF);
    const ms = retryAfterMs ?? THROTTLE_BACKOFF.baseMs / 2 + jittered;
    return { kind: 'key-waits', ms, isRequested: retryAfterMs !== undefined };
  }

  #recordRecovery(key: KeyQueue<M>, now: number): void {
    key.consecutiveSetbacks = 0;
    if (key.throttledAt === undefined || now - key.throttledAt < RECOVERED_AFTER_MS) return;
    key.throttledAt = undefined;
    this.#ports.onChange({ kind: 'key-recovered', routingKey: key.routingKey });
  }

  #recordResponse(key: KeyQueue<M>, isAccepted: boolean, now: number): void {
    const { destination, routingKey, connectivity } = key;
    if (connectivity.recordSuccess())
      this.#ports.onChange({ kind: 'connectivity-restored', scope: 'key', name: routingKey });
    if (destination.connectivity.recordSuccess()) {
      this.#ports.onChange({ kind: 'connectivity-restored', scope: 'destination', name: destination.name });
    }
    const wasProbing = key.isProbing;
    key.failures = 0;
    key.hangs = false;
    key.failsIndependently = false;
    key.probes = 0;
    const { circuit } = destination;
    if (circuit.isOpen && !circuit.mayBeAtFault(routingKey)) {
      for (const other of destination.keys) other.failsIndependently ||= circuit.mayBeAtFault(other.routingKey);
    }
    if (!circuit.recordResponse(isAccepted, now)) return wasProbing ? this.#ports.onKeyResponded(key) : undefined;
    this.#ports.onChange({ kind: 'circuit-closed', destination: destination.name });
    this.#ports.onCircuitClosed(destination);
  }

  #checkConnectivity({ queue, message, history }: QueuedMessage<M>, outcome: Failed, now: number): void {
    const fault = connectivityFaultOf(outcome);
    if (fault === undefined) return;
    const { destination, routingKey, connectivity } = queue.key;
    const { scope } = outcome;
    if (scope === 'message') {
      if (history.isReported || destination.circuit.isOpen) return;
      if (now - destination.refusalReportedAt < REPORT_EVERY_MS) return;
      history.isReported = true;
      destination.refusalReportedAt = now;
      return this.#ports.onChange({ kind: 'message-refused', routingKey, id: message.id, outcome });
    }
    const [broken, name] = scope === 'key' ? [connectivity, routingKey] : [destination.connectivity, destination.name];
    if (broken.recordFault(fault, now))
      this.#ports.onChange({ kind: 'connectivity-broken', scope, name, fault, outcome });
  }

  #recordDestinationFailure({ queue, history }: QueuedMessage<M>, outcome: Outcome): void {
    const { destination, routingKey } = queue.key;
    if (!destination.circuit.recordFailure(routingKey, history.attemptBeganAt ?? 0)) return;
    for (const key of destination.keys) key.failsIndependently = false;
    this.#ports.onChange({ kind: 'circuit-opened', destination: destination.name, outcome });
    this.#ports.onCircuitOpened(destination);
  }
}

function expired(status: number, response: string): Decision {
  return { kind: 'dead-letter', cause: { reason: 'expired', status, response } };
}
