import { type Clock } from '@pdaltagent/clock';
import { type UnackedMessage } from './lane-channel';
import { type Log } from './log';
import { toProperties } from './message';
import { type QueuePublisher, type Refusal } from './queue-publisher';
import { type LaneGroup, laneKey, laneOfMessage } from './topology';

/** How often messages in the wrong lane are logged. */
const REPORT_EVERY_MS = 60_000;

export interface MisroutedOptions {
  readonly laneGroup: LaneGroup;
  /** The lane whose queues contain them. */
  readonly index: number;
  /** A publisher to a lane or another queue of the exchange, which is stopped when the lane is released. */
  readonly publisherOf: (routingKey: string) => Pick<QueuePublisher, 'send'>;
  /** Delivers a message where it is. */
  readonly deliver: (message: UnackedMessage) => void;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Handles messages in the queue of the wrong lane, where an operator or a shovel put them. They are published to
 * their own lane in order, because only there their alert's order is kept, and each is acknowledged once the
 * broker has confirmed it. One that the broker no longer accepts is delivered from where it is: out of order is better
 * than never.
 */
export class Misrouted {
  readonly #options: MisroutedOptions;
  /** By lane. */
  readonly #publishers = new Map<number, Pick<QueuePublisher, 'send'>>();
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MisroutedOptions) {
    this.#options = options;
  }

  /** True if the message belongs to another lane: it is then moved there. */
  redirect(message: UnackedMessage): boolean {
    const { laneGroup, index, publisherOf } = this.#options;
    const lane = laneOfMessage(laneGroup, message);
    if (lane === index) return false;
    this.#report(message);
    const publisher = this.#publishers.get(lane) ?? publisherOf(laneKey(lane));
    this.#publishers.set(lane, publisher);
    publisher.send({
      body: message.body,
      properties: toProperties({ ...message, maybeDuplicate: true }),
      onConfirmed: () => message.lane.ack(message),
      onRefused: (why) => this.#deliverHere(message, why),
    });
    return true;
  }

  #deliverHere(message: UnackedMessage, reason: Refusal): void {
    this.#options.log.warn('a message in the wrong lane cannot be moved: delivering it from there', {
      id: message.id,
      queue: message.queue,
      reason,
    });
    this.#options.deliver(message);
  }

  #report({ queue }: UnackedMessage): void {
    const { log, clock, index } = this.#options;
    const now = clock.monotonic();
    if (now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    log.warn('messages in the wrong lane: moving them to their own', { queue, lane: index });
  }
}
