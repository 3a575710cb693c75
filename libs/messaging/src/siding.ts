import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type ChannelModel, type ConsumeMessage } from 'amqplib';
import { LaneConsumer, type UnackedMessage } from './lane-consumer';
import { toProperties, type Unreadable } from './message';
import { type Publisher } from './publisher';
import { moveInOrder } from './siding-move';
import { type LaneGroup, laneOfMessage, sidingKey, sidingQueue } from './topology';

export interface SidingPorts {
  /** A message arrived from the siding. */
  onMessage(message: UnackedMessage): void;
  /** A message arrived that this version cannot deliver. */
  onUnreadable(consumer: LaneConsumer, delivery: ConsumeMessage, onUnreadable: Unreadable): void;
  onClosedByBroker(consumer: LaneConsumer, reason: string): void;
  /** The siding seems to be empty. */
  onEmptied(siding: Siding): void;
  /** The content of the siding is uncertain: the lane has to be released and taken again. */
  onBroken(siding: Siding): void;
}

/** How long a release waits for messages on their way to a siding: an alarm may delay them for hours. */
const RELEASE_TIMEOUT_MS = 5_000;

/**
 * A second queue of a lane, for one routing key that would block the others. Only the lane's owner moves messages
 * into it and consumes it. `messages at takeover + moves − acks` shows when to ask the broker whether it is empty:
 * there may be more messages in it if a connection was lost before its last confirms.
 */
export class Siding {
  readonly index: number;
  readonly queue: string;
  readonly #laneGroup: LaneGroup;
  readonly #lane: number;
  readonly #publisher: Publisher;
  readonly #clock: Clock;
  readonly #ports: SidingPorts;
  readonly #waiting: UnackedMessage[] = [];
  #consumer: LaneConsumer | undefined;
  #routingKey: string | undefined;
  #expectedCount = 0;
  #moving: Promise<void> | undefined;
  #isReleasing = false;
  #keyLearned: () => void = () => undefined;

  constructor(
    place: { readonly laneGroup: LaneGroup; readonly lane: number; readonly index: number },
    publisher: Publisher,
    ports: SidingPorts,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#laneGroup = place.laneGroup;
    this.#lane = place.lane;
    this.index = place.index;
    this.queue = sidingQueue(place.laneGroup, place.lane, place.index);
    this.#publisher = publisher;
    this.#ports = ports;
    this.#clock = clock;
  }

  get isFree(): boolean {
    return this.#routingKey === undefined && this.#consumer === undefined && !this.#isReleasing;
  }

  get consumer(): LaneConsumer | undefined {
    return this.#consumer;
  }

  /** The key that is parked here. */
  get routingKey(): string | undefined {
    return this.#routingKey;
  }

  /** Whether messages cannot move here from the lane: the broker accepts no messages, or not the first of them. */
  get isStuck(): boolean {
    return this.#waiting.length > 0 && (this.#publisher.state() !== 'connected' || this.#movable === 0);
  }

  /**
   * Consumes messages that were in the siding before we owned it. Resolves once its routing key is known from
   * the first of them, or none is left.
   */
  async takeOver(connection: ChannelModel, messages: number): Promise<void> {
    this.#expectedCount = messages;
    const keyKnown = new Promise<void>((resolve) => (this.#keyLearned = resolve));
    const consumer = this.#consume((message) => {
      // A misrouted message does not show which key the siding belongs to.
      if (laneOfMessage(this.#laneGroup, message) === this.#lane) {
        this.#routingKey ??= message.routingKey;
        this.#keyLearned();
      }
      this.#ports.onMessage(message);
    });
    consumer.signal.addEventListener('abort', () => this.#keyLearned(), { once: true });
    await consumer.open(connection);
    await keyKnown;
    this.moveWaiting();
  }

  /** Assigns the siding to a key. Nothing is moved before its consumer is ready. */
  async open(connection: ChannelModel, routingKey: string): Promise<void> {
    this.#routingKey = routingKey;
    this.#expectedCount = 0;
    await this.#consume((message) => this.#ports.onMessage(message)).open(connection);
  }

  /** Moves messages of the key here, after those that are here already, and acknowledges them in the lane. */
  move(messages: readonly UnackedMessage[]): void {
    this.#waiting.push(...messages);
    if (this.#isReleasing) this.#returnToQueue();
    else this.moveWaiting();
  }

  /** Moves waiting messages, if the broker accepts messages and the siding has its consumer. */
  moveWaiting(): void {
    const isReady = this.#consumer !== undefined && this.#publisher.state() === 'connected';
    const movable = this.#movable;
    if (movable === 0 || this.#isReleasing || this.#moving !== undefined || !isReady) return;
    this.#moving = this.#move(this.#waiting.splice(0, movable)).finally(() => {
      this.#moving = undefined;
      this.moveWaiting();
      this.#checkIfEmpty();
    });
  }

  /** Accepts nothing more; resolves once no message is on its way to the siding, or after a timeout. */
  async release(): Promise<void> {
    this.#isReleasing = true;
    this.#consumer?.beginRelease();
    await Promise.race([this.#moving, delay(this.#clock, RELEASE_TIMEOUT_MS)]);
    this.#returnToQueue();
  }

  /** Closes the channel, so that the broker can count the messages. The key stays parked: its new messages wait. */
  async pause(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    await consumer?.close();
  }

  /** Makes the siding available for another key. @returns the messages that waited to be moved, in order */
  clear(): readonly UnackedMessage[] {
    this.#routingKey = undefined;
    return this.#waiting.splice(0);
  }

  /** Closes the channel permanently. */
  async close(): Promise<void> {
    this.#routingKey = undefined;
    await this.pause();
  }

  /** The connection was lost. */
  lose(): void {
    this.#isReleasing = true;
    this.#consumer?.lose();
  }

  #consume(onMessage: (message: UnackedMessage) => void): LaneConsumer {
    const consumer = new LaneConsumer(
      this.queue,
      this.#laneGroup,
      {
        onMessage,
        onUnreadable: (from, delivery, unreadable) => this.#ports.onUnreadable(from, delivery, unreadable),
        onClosedByBroker: (from, reason) => this.#ports.onClosedByBroker(from, reason),
        onLost: () => this.#ports.onBroken(this),
        onAcknowledged: () => {
          this.#expectedCount -= 1;
          this.#checkIfEmpty();
        },
      },
      this.#clock,
    );
    this.#consumer = consumer;
    return consumer;
  }

  async #move(batch: readonly UnackedMessage[]): Promise<void> {
    // Counted before they can be consumed again.
    this.#expectedCount += batch.length;
    const left = await moveInOrder(batch, {
      publish: (message) => this.#publish(message),
      onMoved: (message) => message.lane.ack(message),
    });
    if (left.length === 0) return;
    // It is unknown whether they arrived: the next owner counts again and continues.
    this.#waiting.unshift(...left);
    this.#isReleasing = true;
    this.#ports.onBroken(this);
  }

  #publish(message: UnackedMessage): Promise<void> {
    const key = sidingKey(this.#lane, this.index);
    const properties = toProperties({ ...message, maybeDuplicate: true });
    return this.#publisher.sendIgnoringBlock(this.#laneGroup.exchange, key, message.body, properties);
  }

  /**
   * How many waiting messages may move: those before the first that the broker no longer accepts. That one is
   * dispatched from the lane once everything before it is delivered.
   */
  get #movable(): number {
    const tooLarge = this.#waiting.findIndex(({ body }) => !this.#publisher.accepts(body.length));
    return tooLarge === -1 ? this.#waiting.length : tooLarge;
  }

  #checkIfEmpty(): void {
    const isUsed = this.#movable > 0 || this.#moving !== undefined || this.#isReleasing;
    if (this.#expectedCount > 0 || isUsed || this.#consumer === undefined || this.#consumer.held.size > 0) return;
    this.#keyLearned();
    this.#ports.onEmptied(this);
  }

  #returnToQueue(): void {
    for (const message of this.#waiting.splice(0)) message.lane.returnToQueue(message);
  }
}
