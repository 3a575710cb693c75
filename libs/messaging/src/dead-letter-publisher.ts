import { type Clock, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type AttemptSummary, type DeadLetterCause } from '@pdaltagent/delivery';
import { type ConsumeMessage, type Options } from 'amqplib';
import { type DeadReason, deadLetterProperties, deadReasonOf, unreadableDeadLetterProperties } from './dead-letter';
import { type LaneChannel, type UnackedMessage } from './lane-channel';
import { type Log } from './log';
import { type IncomingMessage, type Unreadable } from './message';
import { type PublishConnection } from './publish-connection';
import { type Publication, type QueuePublisher, type Refusal } from './queue-publisher';
import { deadLetterExchange, type LaneGroup } from './topology';
import { undecodableIn } from './undecodable';

const CHECK_EVERY_MS = 1_000;
/** How long the release of a lane waits for its confirm. */
const CONFIRM_TIMEOUT_MS = 10_000;
/** After this long in an alarm, the broker dead-letters a message itself. */
const BLOCKED_FOR_MS = 10_000;

/** Called for each dead letter before its message leaves the lane. */
export interface DeadLetterObserver {
  onWritten(message: IncomingMessage, cause: DeadLetterCause): void;
  /** The same for a message that this version cannot read. */
  onUnreadableWritten(reason: DeadReason, unreadable: Unreadable): void;
}

/** `blocked`: by an alarm. `not written`: the lane is released, and the message stays in it. */
type Published = 'confirmed' | Refusal | 'blocked' | 'not written';

/** Publishes dead letters: a message leaves its lane only once the broker has confirmed its dead letter. */
export class DeadLetterPublisher {
  readonly #connection: Pick<PublishConnection, 'state'>;
  readonly #queue: QueuePublisher;
  readonly #log: Log;
  readonly #observer: DeadLetterObserver;
  readonly #clock: Clock;

  constructor(
    laneGroup: LaneGroup,
    connection: PublishConnection,
    log: Log,
    observer: DeadLetterObserver,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#connection = connection;
    this.#queue = connection.publisherOf(deadLetterExchange(laneGroup), laneGroup.deadLetters);
    this.#log = log;
    this.#observer = observer;
    this.#clock = clock;
  }

  /**
   * True once the dead letter is confirmed and the message has left its lane; false if the lane was lost first, or is being
   * released and cannot wait for it. An alarm may last for hours, or until the lane is drained that waits for the dead letter: then
   * the broker dead-letters the message itself, which it does in an alarm too: invariant I7.
   */
  async deadLetter(message: UnackedMessage, cause: DeadLetterCause, history: AttemptSummary): Promise<boolean> {
    const properties = deadLetterProperties(message, cause, history, this.#clock.wall());
    // While its copy is on the way to a siding, there is nothing to reject.
    const isRejectable = (): boolean => message.deliveries.size > 0;
    const published = await this.#publish(message.lane, message.body, properties, isRejectable);
    if (published === 'not written') {
      message.lane.returnToQueue(message);
      return false;
    }
    const { id, type } = message;
    this.#log.warn('dead letter', { id, type, reason: cause.reason, status: cause.status });
    this.#observer.onWritten(message, cause);
    if (published === 'confirmed') message.lane.ack(message);
    else {
      this.#logRejected(published, message.body, { id });
      message.lane.reject(message);
    }
    return true;
  }

  /** The same for a message that this version cannot deliver: kept complete, for a version that can. */
  async deadLetterUnreadable(lane: LaneChannel, delivery: ConsumeMessage, unreadable: Unreadable): Promise<void> {
    const published = await this.#publishUnreadable(lane, delivery, unreadable);
    if (published === 'not written') return;
    const id: unknown = delivery.properties.messageId;
    const named = typeof id === 'string' ? { id } : {};
    this.#log.warn('dead letter: this version cannot deliver the message', {
      ...named,
      queue: lane.queueOf(delivery),
      problem: unreadable.problem,
    });
    this.#observer.onUnreadableWritten(deadReasonOf(unreadable), unreadable);
    if (published === 'confirmed') return lane.ackDelivery(delivery);
    this.#logRejected(published, delivery.content, named);
    lane.rejectDelivery(delivery);
  }

  /** One without its properties would be published without them. */
  #publishUnreadable(lane: LaneChannel, delivery: ConsumeMessage, unreadable: Unreadable): Promise<Published> {
    if (undecodableIn(delivery.properties.headers ?? {}) !== undefined) return Promise.resolve('unencodable');
    const properties = unreadableDeadLetterProperties(delivery, unreadable, this.#clock.wall());
    return this.#publish(lane, delivery.content, properties, () => true);
  }

  #publish(
    lane: LaneChannel,
    body: Buffer,
    properties: Options.Publish,
    isRejectable: () => boolean,
  ): Promise<Published> {
    return new Promise((resolve) => {
      const began = this.#clock.monotonic();
      let refusal: Refusal | undefined;
      let blockedSince: number | undefined;
      const end = (result: Published): void => {
        stopChecks();
        this.#queue.withdraw(new Set([publication]));
        resolve(result);
      };
      const check = (): void => {
        const now = this.#clock.monotonic();
        const state = this.#connection.state();
        blockedSince = state === 'blocked' ? (blockedSince ?? now) : undefined;
        const isBlockedForLong = blockedSince !== undefined && now - blockedSince >= BLOCKED_FOR_MS;
        const isHopeless = refusal !== undefined || state !== 'connected' || now - began >= CONFIRM_TIMEOUT_MS;
        if (refusal !== undefined && isRejectable()) end(refusal);
        else if (isBlockedForLong && isRejectable()) end('blocked');
        // Otherwise the message stays unacknowledged, and is published as soon as the broker accepts it.
        else if (isHopeless && lane.isReleasing) end('not written');
      };
      const onRefused = (why: Refusal): void => {
        refusal = why;
        check();
      };
      const publication: Publication = { body, properties, onConfirmed: () => end('confirmed'), onRefused };
      const stopChecks = every(this.#clock, CHECK_EVERY_MS, check);
      this.#queue.send(publication);
    });
  }

  #logRejected(why: Refusal | 'blocked', body: Buffer, named: { readonly id?: string }): void {
    switch (why) {
      case 'blocked':
        this.#log.error('the broker blocks publishing: it dead-letters a message itself, without the response', named);
        return;
      case 'too-large':
        // RabbitMQ checks the size of published messages, not of those that it dead-letters itself (3.10).
        this.#log.error(
          'the broker no longer accepts messages of this size: it dead-letters the message itself, without the response',
          {
            ...named,
            bytes: body.length,
            advice: 'raise max_message_size of RabbitMQ, as it was when the event was accepted',
          },
        );
        return;
      case 'refused':
      case 'unencodable':
        this.#log.warn('a message cannot be published again: the broker dead-letters it itself', named);
    }
  }
}
