import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { type Burial, Dispatcher, type History, type Outcome } from '@pdaltagent/delivery';
import { sayChange } from './change-log';
import { type DeadLetterOffice } from './dead-letter-office';
import { type Hearing } from './hearing';
import { type Intake } from './intake';
import { type HeldMessage } from './lane';
import { type LaneWorkerOptions } from './lane-worker-options';

export interface DeliveriesPorts {
  readonly intake: Intake;
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
        attempt: (message) => this.#attempt(message),
        interrupt: ({ lane, routingKey }) => lane.interrupt(routingKey),
        acknowledge: (message) => void this.#acknowledge(message),
        bury: (message, burial, history) => void this.#bury(message, burial, history),
        changed: (change) => {
          sayChange(log, change);
          if (change.kind === 'key-paused' && change.outcome !== undefined) options.gone?.(change.routingKey);
        },
      },
    );
  }

  #attempt(message: HeldMessage): void {
    const { lane } = message;
    const { hearing } = this.#ports;
    if (!hearing.holdsLanes) {
      return hearing.once(() => {
        if (lane.signal.aborted) return;
        this.dispatcher.begins(message);
        this.#attempt(message);
      });
    }
    if (this.#ports.intake.isRepeat(message)) return queueMicrotask(() => this.#drop(message));
    const signal = lane.signalOf(message.routingKey);
    void this.#post(message, signal);
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
    if (outcome.kind === 'delivered' && lane.signal.aborted) void this.#ports.intake.delivered(message.id);
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

  /** A repeat that came while its first copy was held: a move into a siding that was done twice. */
  #drop(message: HeldMessage): void {
    this.#options.observer.repeated(message);
    message.lane.ack(message);
    this.dispatcher.forget([message]);
  }

  async #acknowledge(message: HeldMessage): Promise<void> {
    this.#options.observer.delivered(message);
    await this.#ports.intake.delivered(message.id);
    message.lane.ack(message);
    this.dispatcher.done(message);
  }

  async #bury(message: HeldMessage, burial: Burial, history: History): Promise<void> {
    if (await this.#ports.deadLetters.bury(message, burial, history)) this.dispatcher.done(message);
  }
}
