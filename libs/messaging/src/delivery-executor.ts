import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { type AttemptSummary, type DeadLetterCause, Dispatcher, type Outcome } from '@pdaltagent/delivery';
import { logStateChange } from './change-log';
import { type DeadLetterPublisher } from './dead-letter-publisher';
import { type DeliveryRecords } from './delivery-records';
import { type Pulse } from './pulse';
import { type UnackedMessage } from './lane-channel';
import { type EndedAttempt, type LaneWorkerOptions } from './lane-worker-options';

export interface DeliveryExecutorPorts {
  readonly records: DeliveryRecords;
  readonly deadLetters: DeadLetterPublisher;
  readonly pulse: Pick<Pulse, 'ownsLanes' | 'once'>;
}

/** Outcomes after which a message still has to be delivered. */
const NOT_FINAL: ReadonlySet<Outcome['kind']> = new Set(['failed', 'throttled', 'gone', 'error']);

/** Carries out what the dispatcher decides: attempts, and each message's marker, ack or dead letter at the end. */
export class DeliveryExecutor {
  readonly dispatcher: Dispatcher<UnackedMessage>;
  readonly #options: LaneWorkerOptions;
  readonly #ports: DeliveryExecutorPorts;
  /** Of each message's last attempt. */
  readonly #attempts = new WeakMap<UnackedMessage, AbortController>();

  constructor(options: LaneWorkerOptions, ports: DeliveryExecutorPorts) {
    this.#options = options;
    this.#ports = ports;
    const { concurrency, maximumAgeMs, poisonAfterMs, destinationOf = () => 'PagerDuty', log } = options;
    const { clock = SYSTEM_CLOCK, random = SYSTEM_RANDOM } = options;
    this.dispatcher = new Dispatcher<UnackedMessage>(
      { concurrency, maximumAgeMs, poisonAfterMs, destinationOf, clock, random },
      {
        attempt: (message) => void this.#attempt(message),
        interrupt: (message) => this.#attempts.get(message)?.abort(new Error('the attempt was interrupted')),
        acknowledge: (message) => void this.#acknowledge(message),
        deadLetter: (message, cause, history) => void this.#deadLetter(message, cause, history),
        onChange: (change) => {
          logStateChange(log, change);
          options.observer.onChange?.(change);
          if (change.kind === 'key-paused' && change.outcome !== undefined)
            options.onDestinationGone?.(change.routingKey);
        },
      },
    );
  }

  /**
   * A message that was already delivered is not sent again, flagged as a duplicate or not: data of a broken
   * connection may reach the broker after the alert was resolved.
   */
  async #attempt(message: UnackedMessage): Promise<void> {
    const { lane } = message;
    const attempt = new AbortController();
    this.#attempts.set(message, attempt);
    const known = await this.#ports.records.check(message.id, lane.claim);
    if (lane.signal.aborted) return;
    if (known === 'lane-lost') return this.#onLaneLost(message);
    if (known === 'delivered') return this.#dropDuplicate(message);
    if (lane.isReleasing) return this.#returnToQueue(message);
    if (attempt.signal.aborted)
      return this.#onInterrupted(message, { number: this.dispatcher.attemptsOf(message), ms: 0 });
    this.#send(message, attempt);
  }

  #send(message: UnackedMessage, attempt: AbortController): void {
    const { pulse } = this.#ports;
    if (pulse.ownsLanes) {
      // Only now: waiting for Redis or for a silent broker is not part of the attempt's duration.
      this.dispatcher.recordAttemptStart(message);
      return void this.#post(message, attempt);
    }
    pulse.once(() => {
      if (message.lane.signal.aborted) return;
      this.dispatcher.recordAttemptStart(message);
      void this.#attempt(message);
    });
  }

  async #post(message: UnackedMessage, attempt: AbortController): Promise<void> {
    const lost = message.lane.signal;
    const { clock = SYSTEM_CLOCK } = this.#options;
    // Read now: the dispatcher forgets the message if the lane is lost.
    const number = this.dispatcher.attemptsOf(message);
    const beganAt = clock.monotonic();
    const abort = (): void => attempt.abort(lost.reason);
    lost.addEventListener('abort', abort);
    let outcome: Outcome | undefined;
    try {
      outcome = await this.#options.deliver(message, attempt.signal);
    } catch (error) {
      if (!attempt.signal.aborted) outcome = this.#errorOf(message, error);
    } finally {
      lost.removeEventListener('abort', abort);
    }
    const ended = { number, ms: clock.monotonic() - beganAt };
    if (outcome !== undefined) this.#onSettled(message, outcome, ended);
    else if (!lost.aborted) this.#onInterrupted(message, ended);
  }

  /** An exception must not end the process: the same message would then end the next process as well. */
  #errorOf({ id, type }: UnackedMessage, error: unknown): Outcome {
    const detail = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    this.#options.log.error('unexpected exception during an attempt (bug)', { id, type, detail, stack });
    return { kind: 'error', status: undefined, detail };
  }

  /** Nothing more of the lane is attempted; it may be ours again later. */
  #onLaneLost(message: UnackedMessage): void {
    this.#returnToQueue(message);
    message.lane.claim.lose();
  }

  #onSettled(message: UnackedMessage, outcome: Outcome, ended: EndedAttempt): void {
    this.#options.observer.onAttempted(message, outcome, ended);
    const { lane } = message;
    if (outcome.kind === 'delivered' && lane.signal.aborted) void this.#ports.records.add(message.id);
    if (lane.isReleasing && NOT_FINAL.has(outcome.kind)) this.#returnToQueue(message);
    this.dispatcher.settle(message, outcome);
  }

  #onInterrupted(message: UnackedMessage, ended: EndedAttempt): void {
    this.#options.observer.onInterrupted(message, ended);
    if (message.lane.isReleasing) this.#returnToQueue(message);
    else this.dispatcher.retryInterrupted(message);
  }

  #returnToQueue(message: UnackedMessage): void {
    message.lane.returnToQueue(message);
    this.dispatcher.forget([message]);
  }

  #dropDuplicate(message: UnackedMessage): void {
    this.#options.observer.onDuplicateDropped(message);
    message.lane.ack(message);
    this.dispatcher.forget([message]);
  }

  async #acknowledge(message: UnackedMessage): Promise<void> {
    this.#options.observer.onDelivered(message);
    await this.#ports.records.add(message.id);
    message.lane.ack(message);
    this.dispatcher.done(message);
    this.#options.observer.onAcknowledged?.(message);
  }

  async #deadLetter(message: UnackedMessage, cause: DeadLetterCause, history: AttemptSummary): Promise<void> {
    const isWritten = await this.#ports.deadLetters.deadLetter(message, cause, history);
    if (isWritten) this.dispatcher.done(message);
    else this.dispatcher.forget([message]);
  }
}
