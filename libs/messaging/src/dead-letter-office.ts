import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Burial, type History } from '@pdaltagent/delivery';
import { type ConsumeMessage, type Options } from 'amqplib';
import { type DeadReason, deadLetterProperties, foreignLetterProperties } from './dead-letter';
import { type HeldMessage, type Lane } from './lane';
import { type Log } from './log';
import { type IncomingMessage } from './message';
import { type Publisher } from './publisher';
import { DEAD_LETTER_EXCHANGE, type Family } from './topology';

const AGAIN_MS = 1_000;

/** Told of each letter, before its message leaves the lane; there is no message where none of ours published it. */
export type Written = (reason: DeadReason, message?: IncomingMessage) => void;

/** Writes dead letters: a message leaves its lane only once the broker has its letter. */
export class DeadLetterOffice {
  readonly #family: Family;
  readonly #publisher: Publisher;
  readonly #log: Log;
  readonly #written: Written;
  readonly #clock: Clock;

  constructor(family: Family, publisher: Publisher, log: Log, written: Written, clock: Clock = SYSTEM_CLOCK) {
    this.#family = family;
    this.#publisher = publisher;
    this.#log = log;
    this.#written = written;
    this.#clock = clock;
  }

  /** True once the letter is written and the message acknowledged; false where the lane was lost before. */
  async bury(message: HeldMessage, burial: Burial, history: History): Promise<boolean> {
    const properties = deadLetterProperties(message, burial, history, this.#clock.wall());
    if (!(await this.#publish(message.lane, message.body, properties))) return false;
    const { id, type } = message;
    this.#log.warn('dead letter', { id, type, reason: burial.reason, status: burial.status });
    this.#written(burial.reason, message);
    message.lane.ack(message);
    return true;
  }

  /** The same for what none of ours published. */
  async buryForeign(lane: Lane, delivery: ConsumeMessage, problem: string): Promise<void> {
    const properties = foreignLetterProperties(delivery, problem, this.#clock.wall());
    if (!(await this.#publish(lane, delivery.content, properties))) return;
    this.#log.warn('a message that is none of ours: dead letter', { queue: lane.queue, problem });
    this.#written('foreign');
    lane.ackDelivery(delivery);
  }

  async #publish(lane: Lane, body: Buffer, properties: Options.Publish): Promise<boolean> {
    while (!lane.signal.aborted) {
      try {
        await this.#publisher.send(DEAD_LETTER_EXCHANGE, this.#family.deadLetters, body, properties);
        return true;
      } catch {
        // The publisher says once that the broker is away; the message stays unacknowledged.
        await delay(this.#clock, AGAIN_MS);
      }
    }
    return false;
  }
}
