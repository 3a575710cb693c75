import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { type AttemptSummary, type DeadLetterCause, Dispatcher, type Outcome } from '@pdaltagent/delivery';
import { sayChange } from './change-log';
import { type DeadLetterOffice } from './dead-letter-publisher';
import { type DeliveredIds } from './delivered-ids';
import { type Hearing } from './broker-liveness';
import { type HeldMessage } from './lane-consumer';
import { type LaneWorkerOptions } from './lane-worker-options';

export interface DeliveriesPorts {
  readonly delivered: DeliveredIds;
  readonly deadLetters: DeadLetterOffice;
  readonly hearing: Pick<Hearing, 'holdsLanes' | 'once'>;
}

/** Outcomes after which a message is still to be delivered. */
const STAYS: ReadonlySet<Outcome['kind']> = new Set(['failed', 'throttled', 'gone', 'error']);

/** Does what the dispatcher decides: attempts, and the end of each message with its marker, its ack or its dead letter. */
export class Deliveries {
  readonly dispatcher: Dispatcher<HeldMessage>;
  readonly #options: LaneWorkerOptions;
  readonly #ports: DeliveriesPorts;

  constructor(options: LaneWorkerOptions, ports: DeliveriesPorts) {
    this.#options = options;
    this.#ports = ports;
    const { concurrency, maximumAgeMs, poisonAfterMs, destinationOf = () => 'PagerDuty', log } = options;
    const { clock = SYSTEM_CLOCK, random = SYSTEM_RANDOM } = options;
    this.dispatcher = new Dispatcher<HeldMessage>(
      { concurrency, maximumAgeMs, poisonAfterMs, destinationOf, clock, random },
      {
        attempt: (message) => void this.#attempt(message),
        interrupt: ({ lane, routingKey }) => lane.interrupt(routingKey),
        acknowledge: (message) => void this.#acknowledge(message),
        deadLetter: (message, burial, history) => void this.#bury(message, burial, history),
        changed: (change) => {
          sayChange(log, change);
          if (change.kind === 'key-paused' && change.outcome !== undefined) options.gone?.(change.routingKey);
        },
      },
    );
  }

  /**
   * A message that was delivered before is not sent again, marked or not: bytes of a connection that was cut may reach the
   * broker after its alert was resolved.
   */
  async #attempt(message: HeldMessage): Promise<void> {
    const { lane } = message;
    const signal = lane.signalOf(message.routingKey);
    const isRepeat = await this.#ports.delivered.has(message.id);
    if (lane.signal.aborted) return;
    if (isRepeat) return this.#drop(message);
    if (lane.leaving) return this.#giveBack(message);
    if (signal.aborted) return this.#interrupted(message);
    this.#send(message, signal);
  }

  #send(message: HeldMessage, signal: AbortSignal): void {
    const { hearing } = this.#ports;
    if (hearing.holdsLanes) {
      // Only now: neither Redis nor a silent broker is what an attempt takes its time for.
      this.dispatcher.begins(message);
      return void this.#post(message, signal);
    }
    hearing.once(() => {
      if (message.lane.signal.aborted) return;
      this.dispatcher.begins(message);
      void this.#attempt(message);
    });
  }

  async #post(message: HeldMessage, signal: AbortSignal): Promise<void> {
    let outcome: Outcome | undefined;
    try {
      outcome = await this.#options.deliver(message, signal);
    } catch (error) {
      if (!signal.aborted) outcome = this.#errorOf(message, error);
    }
    if (outcome !== undefined) this.#settled(message, outcome);
    else if (!message.lane.signal.aborted) this.#interrupted(message);
  }

  /** One message must not end the process, for it would end the next one's too. */
  #errorOf({ id, type }: HeldMessage, error: unknown): Outcome {
    const detail = error instanceof Error ? error.message : String(error);
    const stack = error instanceof Error ? error.stack : undefined;
    this.#options.log.error('a bug: an attempt ended in an exception', { id, type, detail, stack });
    return { kind: 'error', status: undefined, detail };
  }

  #settled(message: HeldMessage, outcome: Outcome): void {
    this.#options.observer.attempted(message, outcome);
    const { lane } = message;
    if (outcome.kind === 'delivered' && lane.signal.aborted) void this.#ports.delivered.add(message.id);
    if (lane.leaving && STAYS.has(outcome.kind)) this.#giveBack(message);
    else this.dispatcher.settle(message, outcome);
  }

  #interrupted(message: HeldMessage): void {
    this.#options.observer.interrupted(message);
    if (message.lane.leaving) this.#giveBack(message);
    else this.dispatcher.interrupted(message);
  }

  #giveBack(message: HeldMessage): void {
    message.lane.handBack(message);
    this.dispatcher.forget([message]);
  }

  #drop(message: HeldMessage): void {
    this.#options.observer.repeated(message);
    message.lane.ack(message);
    this.dispatcher.forget([message]);
  }

  async #acknowledge(message: HeldMessage): Promise<void> {
    this.#options.observer.delivered(message);
    await this.#ports.delivered.add(message.id);
    message.lane.ack(message);
    this.dispatcher.done(message);
  }

  async #bury(message: HeldMessage, burial: DeadLetterCause, history: AttemptSummary): Promise<void> {
    if (await this.#ports.deadLetters.bury(message, burial, history)) this.dispatcher.done(message);
  }
}
