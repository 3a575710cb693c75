import { type Clock, delay } from '@pdaltagent/clock';
import { type UnackedMessage } from './lane-channel';
import { type Log } from './log';
import { toProperties } from './message';
import { isPermanentRefusal, type Publisher } from './publisher';
import { type LaneGroup, laneKey, laneOfMessage } from './topology';

const RETRY_MS = 1_000;
/** How often messages in the wrong lane are logged. */
const REPORT_EVERY_MS = 60_000;

export interface MisroutedOptions {
  readonly laneGroup: LaneGroup;
  /** The lane whose queues contain them. */
  readonly index: number;
  readonly publisher: Pick<Publisher, 'send'>;
  /** Delivers a message where it is. */
  readonly deliver: (message: UnackedMessage) => void;
  readonly log: Log;
  readonly clock: Clock;
}

/**
 * Handles messages in the queue of the wrong lane, where an operator or a shovel put them. They are published to
 * their own lane one after the other, because only there their alert's order is kept, and each is acknowledged once the
 * broker has confirmed it. One that the broker no longer accepts is delivered from where it is: out of order is better
 * than never.
 */
export class Misrouted {
  readonly #options: MisroutedOptions;
  readonly #waiting: UnackedMessage[] = [];
  #isMoving = false;
  #reportedAt = Number.NEGATIVE_INFINITY;

  constructor(options: MisroutedOptions) {
    this.#options = options;
  }

  /** True if the message belongs to another lane: it is then moved there. */
  redirect(message: UnackedMessage): boolean {
    const { laneGroup, index } = this.#options;
    if (laneOfMessage(laneGroup, message) === index) return false;
    this.#waiting.push(message);
    if (!this.#isMoving) void this.#move();
    return true;
  }

  async #move(): Promise<void> {
    this.#isMoving = true;
    this.#report();
    for (let [message] = this.#waiting; message !== undefined; [message] = this.#waiting) {
      // Messages of a lane that is being released are requeued with it. It is unknown whether one that failed arrived: it is
      // published again before any other, and duplicates are dropped by id.
      if (message.lane.isReleasing || (await this.#publish(message))) this.#waiting.shift();
      else await delay(this.#options.clock, RETRY_MS);
    }
    this.#isMoving = false;
  }

  /** Whether it is out of the way. */
  async #publish(message: UnackedMessage): Promise<boolean> {
    const { laneGroup, publisher } = this.#options;
    const key = laneKey(laneOfMessage(laneGroup, message));
    try {
      await publisher.send(laneGroup.exchange, key, message.body, toProperties({ ...message, maybeDuplicate: true }));
      message.lane.ack(message);
    } catch (error) {
      if (!isPermanentRefusal(error)) return false;
      this.#deliverHere(message, error.message);
    }
    return true;
  }

  #deliverHere(message: UnackedMessage, reason: string): void {
    if (message.lane.isReleasing) return;
    this.#options.log.warn('a message in the wrong lane cannot be moved: delivering it from there', {
      id: message.id,
      queue: message.queue,
      reason,
    });
    this.#options.deliver(message);
  }

  #report(): void {
    const { log, clock, index } = this.#options;
    const [first] = this.#waiting;
    const now = clock.monotonic();
    if (first === undefined || now - this.#reportedAt < REPORT_EVERY_MS) return;
    this.#reportedAt = now;
    log.warn('messages in the wrong lane: moving them to their own', { queue: first.queue, lane: index });
  }
}
