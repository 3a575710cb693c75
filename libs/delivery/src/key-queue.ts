import { type Clock } from '@pdaltagent/clock';
import { FAILURES_TO_OPEN } from './circuit';
import { type Destination } from './destination';
import { type FailureReason, type Outcome } from './outcome';
import { LearnedRateLimit } from './learned-rate-limit';
import { Connectivity } from './connectivity';

/** What dispatch needs to know of a message. */
export interface Deliverable {
  readonly id: string;
  readonly routingKey: string;
  /** Messages with one order key go strictly one after another. */
  readonly orderKey: string;
  /** When it was accepted; milliseconds since 1970. */
  readonly receivedAt: number;
}

/** What was tried for a message, for its dead letter; milliseconds since 1970. */
export interface AttemptSummary {
  readonly attempts: number;
  readonly firstAttemptAt: number | undefined;
  readonly lastAttemptAt: number | undefined;
}

/** A message that failed for one reason while its destination took others: since then (monotonic clock), so many times. */
export interface Suspicion {
  readonly reason: FailureReason;
  readonly since: number;
  readonly failures: number;
}

const NO_ANSWER = { status: undefined, answer: '' };

/** What was tried for a message, as long as this worker remembers it: also when the message goes back and comes again. */
export class AttemptHistory implements AttemptSummary {
  attempts = 0;
  /** When the last attempt began, on the monotonic clock: how long it takes is told by this. */
  attemptBeganAt: number | undefined;
  firstAttemptAt: number | undefined;
  lastAttemptAt: number | undefined;
  /** When this worker first held the message, on the monotonic clock. */
  firstHeldAt: number | undefined;
  /** What speaks for the message being at fault itself. */
  suspicion: Suspicion | undefined;
  /** Whether the log has said that something in between refuses it. */
  isReported = false;
  /** Attempts that ended in an exception of our own. */
  errors = 0;
  probes = 0;
  /** What the last one came to, in short: `server-error 503`. */
  lastOutcome: string | undefined;
  /** What the last one was answered, for a dead letter that is written without another attempt. */
  lastAnswer: { readonly status: number | undefined; readonly answer: string } = NO_ANSWER;

  settled(outcome: Outcome): void {
    const { kind, status } = outcome;
    this.lastAnswer = {
      status,
      answer: 'detail' in outcome ? outcome.detail : 'answer' in outcome ? outcome.answer : '',
    };
    const what = kind === 'failed' ? outcome.reason : kind;
    this.lastOutcome = status === undefined ? what : `${what} ${status}`;
  }

  interrupted(): void {
    this.lastOutcome = 'interrupted';
  }

  began(clock: Clock): void {
    this.attempts += 1;
    this.firstAttemptAt ??= clock.wall();
    this.attemptStarts(clock);
  }

  /** It has taken no time before this. */
  attemptStarts(clock: Clock): void {
    this.attemptBeganAt = clock.monotonic();
    this.lastAttemptAt = clock.wall();
  }
}

/** A message with its place in its queue. */
export class QueuedMessage<M extends Deliverable> {
  constructor(
    readonly message: M,
    readonly queue: OrderQueue<M>,
    readonly history: AttemptHistory,
  ) {}
}

/**
 * The messages of one order key, oldest first. Only its head is ever attempted:
 * `ready` to start, `waiting` for its backoff, `attempting`, or `leaving` (its marker, its ack or its dead letter is written).
 */
export class OrderQueue<M extends Deliverable> {
  readonly entries: QueuedMessage<M>[] = [];
  state: 'ready' | 'waiting' | 'attempting' | 'settling' = 'ready';
  stopWaiting: () => void = () => undefined;
  /** Until when it waits, while it does. */
  waitsUntil = 0;

  constructor(
    readonly orderKey: string,
    readonly key: KeyQueue<M>,
  ) {}

  /** Whether an attempt for its head is on its way, or its end is being written. */
  get isBusy(): boolean {
    return this.state === 'attempting' || this.state === 'settling';
  }
}

/** Everything held of one routing key. Instants are of the monotonic clock. */
export class KeyQueue<M extends Deliverable> {
  readonly queues = new Map<string, OrderQueue<M>>();
  /** Queues that may start, in turn. */
  readonly ready = new Set<OrderQueue<M>>();
  readonly rateLimit = new LearnedRateLimit();
  inFlight = 0;
  /** Attempts in a row that the destination failed. */
  failures = 0;
  /** Throttled answers or failures of the key in a row; they lengthen its wait. */
  consecutiveSetbacks = 0;
  /** Last throttled, where that is not long ago. */
  throttledAt: number | undefined;
  /** While set, nothing of the key starts. */
  stopWaiting: (() => void) | undefined;
  /** Until when. */
  waitsUntil = 0;
  /** While above 0, nothing of the key starts: so many lanes are about to move it aside. */
  quiesceCount = 0;
  /** While true, nothing of the key starts: its destination is gone, until somebody resumes it. */
  paused = false;
  /** Others got through while it failed: its failures say nothing about the destination, until something of it gets through. */
  failsIndependently = false;
  /** Its attempts hung and were interrupted, and nothing of it was answered since. */
  hangs = false;
  /** When that was last. */
  interruptedAt = Number.NEGATIVE_INFINITY;
  /** How long its last answer took, and when it came; milliseconds. */
  answerTookMs = 0;
  answeredAt = Number.NEGATIVE_INFINITY;
  /** How often its messages served as probes since something of it was answered. */
  probes = 0;
  /** Whether connectivity is broken for this key alone. */
  readonly connectivity = new Connectivity();
  /** Since when nothing of it is held. */
  idleSince = 0;

  constructor(
    readonly routingKey: string,
    readonly destination: Destination<M>,
  ) {}

  /** Its last attempts all failed, or hung: whatever is the cause, one at a time tells when that is over. */
  get isProbing(): boolean {
    return this.hangs || this.failures >= FAILURES_TO_OPEN;
  }

  /** Whether its messages may start, as far as the key itself is concerned. */
  get mayStart(): boolean {
    if (this.isProbing && this.inFlight > 0) return false;
    return this.stopWaiting === undefined && this.quiesceCount === 0 && !this.paused;
  }
}
