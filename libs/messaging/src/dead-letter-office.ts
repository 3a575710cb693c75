import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Burial, type History } from '@pdaltagent/delivery';
import { type ConsumeMessage, type Options } from 'amqplib';
import { type DeadReason, deadLetterProperties, unreadLetterProperties } from './dead-letter';
import { type HeldMessage, type Lane } from './lane';
import { type Log } from './log';
import { type IncomingMessage, type Unread } from './message';
import { type Publisher } from './publisher';
import { DEAD_LETTER_EXCHANGE, type Family } from './topology';

const AGAIN_MS = 1_000;

/** Told of each letter, before its message leaves the lane; there is no message if this version cannot read it. */
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

  /** The same for what this version cannot deliver: kept whole, so that a version that can may still do it. */
  async buryUnread(lane: Lane, delivery: ConsumeMessage, unread: Unread): Promise<void> {
    if (!(await this.#publish(lane, delivery.content, unreadLetterProperties(delivery, unread, this.#clock.wall()))))
      return;
    const id: unknown = delivery.properties.messageId;
    const named = typeof id === 'string' ? { id } : {};
    this.#log.warn('a message that cannot be delivered by this version: dead letter', {
      ...named,
      queue: lane.queue,
      problem: unread.problem,
    });
    this.#written(unread.kind);
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
