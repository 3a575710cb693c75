import { type Clock } from '@pdaltagent/clock';
import { FAILURES_TO_OPEN } from './circuit';
import { type Destination } from './destination';
import { type FailureReason, type Outcome } from './outcome';
import { Pace } from './learned-rate-limit';
import { Way } from './connectivity';

/** What dispatch needs to know of a message. */
export interface Held {
  readonly id: string;
  readonly routingKey: string;
  /** Messages with one order key go strictly one after another. */
  readonly orderKey: string;
  /** When it was accepted; milliseconds since 1970. */
  readonly receivedAt: number;
}

/** What was tried for a message, for its dead letter; milliseconds since 1970. */
export interface History {
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
export class Trials implements History {
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

  ended(outcome: Outcome): void {
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
    this.goesOnTheWire(clock);
  }

  /** It has taken no time before this. */
  goesOnTheWire(clock: Clock): void {
    this.attemptBeganAt = clock.monotonic();
    this.lastAttemptAt = clock.wall();
  }
}

/** A message with its place in its line. */
export class Entry<M extends Held> {
  constructor(
    readonly message: M,
    readonly line: OrderLine<M>,
    readonly trials: Trials,
  ) {}
}

/**
 * The messages of one order key, oldest first. Only its head is ever attempted:
 * `ready` to start, `waiting` for its backoff, `attempting`, or `leaving` (its marker, its ack or its dead letter is written).
 */
export class OrderLine<M extends Held> {
  readonly entries: Entry<M>[] = [];
  state: 'ready' | 'waiting' | 'attempting' | 'leaving' = 'ready';
  stopWaiting: () => void = () => undefined;
  /** Until when it waits, while it does. */
  waitsUntil = 0;

  constructor(
    readonly orderKey: string,
    readonly key: KeyLine<M>,
  ) {}

  /** Whether an attempt for its head is on its way, or its end is being written. */
  get isBusy(): boolean {
    return this.state === 'attempting' || this.state === 'leaving';
  }
}

/** Everything held of one routing key. Instants are of the monotonic clock. */
export class KeyLine<M extends Held> {
  readonly lines = new Map<string, OrderLine<M>>();
  /** Lines that may start, in turn. */
  readonly ready = new Set<OrderLine<M>>();
  readonly pace = new Pace();
  inFlight = 0;
  /** Attempts in a row that the destination failed. */
  failures = 0;
  /** Throttled answers or failures of the key in a row; they lengthen its wait. */
  setbacks = 0;
  /** Last throttled, where that is not long ago. */
  throttledAt: number | undefined;
  /** While set, nothing of the key starts. */
  stopWaiting: (() => void) | undefined;
  /** Until when. */
  waitsUntil = 0;
  /** While above 0, nothing of the key starts: so many lanes are about to move it aside. */
  holds = 0;
  /** While true, nothing of the key starts: its destination is gone, until somebody resumes it. */
  paused = false;
  /** Others got through while it failed: its failures say nothing about the destination, until something of it gets through. */
  failsAlone = false;
  /** Its attempts hung and were interrupted, and nothing of it was answered since. */
  hangs = false;
  /** When that was last. */
  interruptedAt = Number.NEGATIVE_INFINITY;
  /** How long its last answer took, and when it came; milliseconds. */
  answerTookMs = 0;
  answeredAt = Number.NEGATIVE_INFINITY;
  /** How often its messages served as probes since something of it was answered. */
  probes = 0;
  /** Whether the way is broken for this key alone. */
  readonly way = new Way();
  /** Since when nothing of it is held. */
  idleSince = 0;

  constructor(
    readonly routingKey: string,
    readonly destination: Destination<M>,
  ) {}

  /** Its last attempts all failed, or hung: whatever is the cause, one at a time tells when that is over. */
  get isOnTrial(): boolean {
    return this.hangs || this.failures >= FAILURES_TO_OPEN;
  }

  /** Whether its messages may start, as far as the key itself is concerned. */
  get mayStart(): boolean {
    if (this.isOnTrial && this.inFlight > 0) return false;
    return this.stopWaiting === undefined && this.holds === 0 && !this.paused;
  }
}
