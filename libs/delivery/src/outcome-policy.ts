import { backoffMs } from './backoff';
import { type Destination } from './destination';
import { type DispatcherOptions } from './dispatcher-options';
import { type Entry, type Held, type KeyLine } from './key-queue';
import { type Outcome } from './outcome';
import { type Burial, type Change } from './ports';
import { poisonLimit, suspicionAfter } from './poison';
import { wayFaultOf } from './connectivity';

type Failed = Extract<Outcome, { readonly kind: 'failed' }>;

/** What becomes of a message after an attempt. Waits are milliseconds. */
export type Verdict =
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'bury'; readonly burial: Burial }
  /** It is tried again, and all of its order key waits with it. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** The same, and the whole routing key waits. */
  | { readonly kind: 'key-waits'; readonly ms: number }
  /** The same, until the key is resumed. */
  | { readonly kind: 'pause' };

export interface JudgePorts<M extends Held> {
  opened(destination: Destination<M>): void;
  closed(destination: Destination<M>): void;
  /** Something of a key got through of which nothing had for long. */
  passed(key: KeyLine<M>): void;
  changed(change: Change): void;
}

const THROTTLE_BACKOFF = { baseMs: 2_000, capMs: 30_000 };
/** Messages that something in between refuses are reported one in this time. */
const REPORT_EVERY_MS = 60_000;
/** A key that was not throttled for so long is no longer called throttled. */
const RECOVERED_AFTER_MS = 5 * 60_000;

/** A message whose attempts end in so many exceptions of our own becomes a dead letter, if others get through. */
const MOST_ERRORS = 5;

/** Draws from each outcome what it says about the message, its routing key, its way and its destination. */
export class Judge<M extends Held> {
  readonly #options: DispatcherOptions<M>;
  readonly #ports: JudgePorts<M>;

  constructor(options: DispatcherOptions<M>, ports: JudgePorts<M>) {
    this.#options = options;
    this.#ports = ports;
  }

  judge(entry: Entry<M>, outcome: Outcome): Verdict {
    const { key } = entry.line;
    const now = this.#options.clock.monotonic();
    if (outcome.status !== undefined) {
      key.answerTookMs = now - (entry.trials.attemptBeganAt ?? now);
      key.answeredAt = now;
    }
    switch (outcome.kind) {
      case 'delivered':
        this.#answered(key, true, now);
        key.destination.inError.clear();
        key.pace.took(now);
        this.#recovered(key, now);
        return { kind: 'acknowledge' };
      case 'rejected':
        this.#answered(key, true, now);
        return { kind: 'bury', burial: { reason: 'rejected', status: outcome.status, answer: outcome.answer } };
      case 'gone':
        this.#answered(key, false, now);
        return this.isExpired(entry) ? expired(outcome.status, outcome.answer) : { kind: 'pause' };
      case 'throttled':
        this.#answered(key, false, now);
        key.pace.throttled(now);
        if (key.throttledAt === undefined) this.#ports.changed({ kind: 'key-throttled', routingKey: key.routingKey });
        key.throttledAt = now;
        return this.isExpired(entry) ? expired(outcome.status, '') : this.#keyWaits(key, outcome.retryAfterMs);
      case 'failed':
        return this.#failed(entry, outcome, now);
      case 'error':
        return this.#error(entry, outcome.detail);
    }
  }

  /**
   * By the clock of the host that accepted the message, which may be wrong, and by the time for which this worker has known it:
   * so nothing is too old that was not tried for as long. A message that is not paused is asked this only after an attempt.
   */
  isExpired({ message, trials }: Entry<M>): boolean {
    const { clock, maximumAgeMs } = this.#options;
    const now = clock.monotonic();
    return now - (trials.firstHeldAt ?? now) > maximumAgeMs && clock.wall() - message.receivedAt > maximumAgeMs;
  }

  #failed(entry: Entry<M>, outcome: Failed, now: number): Verdict {
    const { key } = entry.line;
    const burial = this.#burialOf(entry, outcome, now);
    this.#lookAtWay(entry, outcome, now);
    const isOwn = outcome.scope === 'key' || (outcome.scope === 'destination' && key.failsAlone);
    if (outcome.scope === 'destination') key.failures += 1;
    if (outcome.status !== undefined) key.hangs = false;
    // Different messages that are all refused in between speak of the destination; one that is refused again does not.
    const isNew = outcome.scope === 'message' && entry.trials.attempts === 1;
    if (isNew || (outcome.scope === 'destination' && !isOwn)) this.#destinationFailed(entry, outcome);
    if (burial !== undefined) return { kind: 'bury', burial };
    if (isOwn) return this.#keyWaits(key, outcome.retryAfterMs);
    const wait = backoffMs(entry.trials.attempts, this.#options.random.fraction());
    return { kind: 'wait', ms: Math.max(wait, outcome.retryAfterMs ?? 0) };
  }

  /** A message that cannot be sent is set aside; a fault of ours that all messages meet is none of theirs, and they wait. */
  #error(entry: Entry<M>, detail: string): Verdict {
    const { message, line, trials } = entry;
    const end = { status: undefined, answer: `it cannot be sent: ${detail}` };
    if (this.isExpired(entry)) return { kind: 'bury', burial: { reason: 'expired', ...end } };
    const { inError } = line.key.destination;
    if (inError.size < 2) inError.add(message.id);
    trials.errors += 1;
    const isAlone = inError.size === 1 && inError.has(message.id);
    if (trials.errors < MOST_ERRORS || !isAlone)
      return { kind: 'wait', ms: backoffMs(trials.errors, this.#options.random.fraction()) };
    inError.delete(message.id);
    return { kind: 'bury', burial: { reason: 'poison', ...end } };
  }

  #burialOf(entry: Entry<M>, outcome: Failed, now: number): Burial | undefined {
    const { line, trials } = entry;
    const end = { status: outcome.status, answer: outcome.detail };
    if (this.isExpired(entry)) return { reason: 'expired', ...end };
    const limit = poisonLimit(outcome, this.#options.poisonAfterMs);
    if (limit === undefined) return undefined;
    const takesSince = line.key.destination.circuit.takesSince(now);
    trials.suspicion = suspicionAfter(trials.suspicion, { reason: outcome.reason, takesSince, now });
    const { since = now, failures = 0 } = trials.suspicion ?? {};
    return failures >= limit.failures && now - since >= limit.ms ? { reason: 'poison', ...end } : undefined;
  }

  /** As long as it was told, or longer with every setback. */
  #keyWaits(key: KeyLine<M>, retryAfterMs: number | undefined): Verdict {
    // Several attempts of one wave are turned away at once: they are one setback.
    if (key.stopWaiting === undefined) key.setbacks += 1;
    const jittered = backoffMs(key.setbacks, this.#options.random.fraction(), THROTTLE_BACKOFF);
    return { kind: 'key-waits', ms: retryAfterMs ?? THROTTLE_BACKOFF.baseMs / 2 + jittered };
  }

  #recovered(key: KeyLine<M>, now: number): void {
    key.setbacks = 0;
    if (key.throttledAt === undefined || now - key.throttledAt < RECOVERED_AFTER_MS) return;
    key.throttledAt = undefined;
    this.#ports.changed({ kind: 'key-recovered', routingKey: key.routingKey });
  }

  #answered(key: KeyLine<M>, took: boolean, now: number): void {
    const { destination, routingKey, way } = key;
    if (way.passed()) this.#ports.changed({ kind: 'way-mended', scope: 'key', name: routingKey });
    if (destination.way.passed()) {
      this.#ports.changed({ kind: 'way-mended', scope: 'destination', name: destination.name });
    }
    const wasOnTrial = key.isOnTrial;
    key.failures = 0;
    key.hangs = false;
    key.failsAlone = false;
    key.probes = 0;
    const { circuit } = destination;
    if (circuit.open && !circuit.mayBeAtFault(routingKey)) {
      for (const other of destination.keys) other.failsAlone ||= circuit.mayBeAtFault(other.routingKey);
    }
    if (!circuit.answered(took, now)) return wasOnTrial ? this.#ports.passed(key) : undefined;
    this.#ports.changed({ kind: 'circuit-closed', destination: destination.name });
    this.#ports.closed(destination);
  }

  #lookAtWay({ line, message, trials }: Entry<M>, outcome: Failed, now: number): void {
    const fault = wayFaultOf(outcome);
    if (fault === undefined) return;
    const { destination, routingKey, way } = line.key;
    const { scope } = outcome;
    if (scope === 'message') {
      if (trials.isReported || destination.circuit.open) return;
      if (now - destination.refusalReportedAt < REPORT_EVERY_MS) return;
      trials.isReported = true;
      destination.refusalReportedAt = now;
      return this.#ports.changed({ kind: 'message-refused', routingKey, id: message.id, outcome });
    }
    const [broken, name] = scope === 'key' ? [way, routingKey] : [destination.way, destination.name];
    if (broken.broke(fault, now)) this.#ports.changed({ kind: 'way-broken', scope, name, fault, outcome });
  }

  #destinationFailed({ line, trials }: Entry<M>, outcome: Outcome): void {
    const { destination, routingKey } = line.key;
    if (!destination.circuit.failed(routingKey, trials.attemptBeganAt ?? 0)) return;
    for (const key of destination.keys) key.failsAlone = false;
    this.#ports.changed({ kind: 'circuit-opened', destination: destination.name, outcome });
    this.#ports.opened(destination);
  }
}

function expired(status: number, answer: string): Verdict {
  return { kind: 'bury', burial: { reason: 'expired', status, answer } };
}
