import { type Clock } from '@pdaltagent/clock';
import { FAILURES_TO_OPEN } from './circuit';
import { type Destination } from './destination';
import { type FailureReason, type Outcome } from './outcome';
import { LearnedRateLimit } from './learned-rate-limit';
import { Connectivity } from './connectivity';

/** What the dispatcher needs to know about a message. */
export interface Deliverable {
  readonly id: string;
  readonly routingKey: string;
  /** Messages with the same order key are delivered strictly one after another. */
  readonly orderKey: string;
  /** When it was accepted; milliseconds since 1970. */
  readonly receivedAt: number;
}

/** A message's attempts, for its dead letter. Times are milliseconds since 1970. */
export interface AttemptSummary {
  readonly attempts: number;
  readonly firstAttemptAt: number | undefined;
  readonly lastAttemptAt: number | undefined;
}

/**
 * How often a message has failed for one reason while its destination accepted others, and since when (monotonic
 * clock).
 */
export interface PoisonEvidence {
  readonly reason: FailureReason;
  readonly since: number;
  readonly failures: number;
}

const NO_RESPONSE = { status: undefined, response: '' };

/** A message's attempts as far as this worker remembers them, even if the message is requeued in between. */
export class AttemptHistory implements AttemptSummary {
  attempts = 0;
  /** When the last attempt began, on the monotonic clock; for its duration. */
  attemptBeganAt: number | undefined;
  firstAttemptAt: number | undefined;
  lastAttemptAt: number | undefined;
  /** When this worker first held the message, on the monotonic clock. */
  firstHeldAt: number | undefined;
  /** Evidence that the message itself is the cause of its failures. */
  poisonEvidence: PoisonEvidence | undefined;
  /** Whether its refusal by an intermediary was logged. */
  isReported = false;
  /** Attempts that ended in an exception. */
  errors = 0;
  probes = 0;
  /** Outcome of the last attempt, in short: `server-error 503`. */
  lastOutcome: string | undefined;
  /** The last response, for a dead letter that is written without another attempt. */
  lastResponse: { readonly status: number | undefined; readonly response: string } = NO_RESPONSE;

  recordOutcome(outcome: Outcome): void {
    const { kind, status } = outcome;
    this.lastResponse = {
      status,
      response: 'detail' in outcome ? outcome.detail : 'response' in outcome ? outcome.response : '',
    };
    const what = kind === 'failed' ? outcome.reason : kind;
    this.lastOutcome = status === undefined ? what : `${what} ${status}`;
  }

  recordInterruption(): void {
    this.lastOutcome = 'interrupted';
  }

  recordAttempt(clock: Clock): void {
    this.attempts += 1;
    this.firstAttemptAt ??= clock.wall();
    this.recordStart(clock);
  }

  /** The attempt's duration counts from here. */
  recordStart(clock: Clock): void {
    this.attemptBeganAt = clock.monotonic();
    this.lastAttemptAt = clock.wall();
  }
}

/** A message in its queue, with its history. */
export class QueuedMessage<M extends Deliverable> {
  constructor(
    readonly message: M,
    readonly queue: OrderQueue<M>,
    readonly history: AttemptHistory,
  ) {}
}

/**
 * The messages of one order key, oldest first. Only its head is ever attempted: `ready` to start, `waiting` for its
 * backoff, `attempting`, or `settling` (its marker, ack or dead letter is being written).
 */
export class OrderQueue<M extends Deliverable> {
  readonly entries: QueuedMessage<M>[] = [];
  state: 'ready' | 'waiting' | 'attempting' | 'settling' = 'ready';
  stopWaiting: () => void = () => undefined;
  /** Until when it waits, if it does. */
  waitsUntil = 0;

  constructor(
    readonly orderKey: string,
    readonly key: KeyQueue<M>,
  ) {}

  /** Whether an attempt for its head is in flight, or its ack or dead letter is being written. */
  get isBusy(): boolean {
    return this.state === 'attempting' || this.state === 'settling';
  }
}

/** All held messages of one routing key, and its state. Times are of the monotonic clock. */
export class KeyQueue<M extends Deliverable> {
  readonly queues = new Map<string, OrderQueue<M>>();
  /** Queues that may start, in turn. */
  readonly ready = new Set<OrderQueue<M>>();
  readonly rateLimit = new LearnedRateLimit();
  inFlight = 0;
  /** Consecutive attempts that failed at the destination. */
  failures = 0;
  /** Consecutive throttled responses or failures of the key; they lengthen its wait. */
  consecutiveSetbacks = 0;
  /** When it was last throttled, if recently. */
  throttledAt: number | undefined;
  /** While set, nothing of the key starts. */
  stopWaiting: (() => void) | undefined;
  /** When the key starts again. */
  waitsUntil = 0;
  /** While true, nothing of the key starts: its destination is gone, until an operator resumes it. */
  isPaused = false;
  /**
   * Others succeeded while it failed: its failures say nothing about the destination until one of its messages
   * succeeds.
   */
  failsIndependently = false;
  /** Its attempts hung and were interrupted, and none has been answered since. */
  hangs = false;
  /** When that last happened. */
  interruptedAt = Number.NEGATIVE_INFINITY;
  /** How long its last response took, and when it arrived; milliseconds. */
  responseTimeMs = 0;
  respondedAt = Number.NEGATIVE_INFINITY;
  /** How often its messages were probes since its last response. */
  probes = 0;
  /** Whether connectivity is broken for this key alone. */
  readonly connectivity = new Connectivity();
  /** Since when none of its messages is held. */
  idleSince = 0;

  constructor(
    readonly routingKey: string,
    readonly destination: Destination<M>,
  ) {}

  /** Its last attempts all failed or hung: one attempt at a time is enough to notice when that is over. */
  get isProbing(): boolean {
    return this.hangs || this.failures >= FAILURES_TO_OPEN;
  }

  /** Why its messages may not start, as far as the key itself is concerned; undefined if they may. */
  get blockedBy(): 'paused' | 'unavailable' | 'throttled' | undefined {
    if (this.isPaused) return 'paused';
    if (this.isProbing && this.inFlight > 0) return 'unavailable';
    return this.stopWaiting === undefined ? undefined : 'throttled';
  }

  get mayStart(): boolean {
    return this.blockedBy === undefined;
  }
}
