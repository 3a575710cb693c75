import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type ChannelModel, type ConsumeMessage } from 'amqplib';
import { LaneConsumer, type UnackedMessage } from './lane-consumer';
import { toProperties, type Unreadable } from './message';
import { type Publisher } from './publisher';
import { moveInOrder } from './siding-move';
import { type LaneGroup, laneOfMessage, sidingKey, sidingQueue } from './topology';

export interface SidingPorts {
  /** A message came off the siding. */
  arrived(message: UnackedMessage): void;
  /** Something came off it that this version cannot deliver. */
  unreadable(consumer: LaneConsumer, delivery: ConsumeMessage, unreadable: Unreadable): void;
  closedByBroker(consumer: LaneConsumer, reason: string): void;
  /** Everything that was moved here seems to be gone again. */
  emptied(siding: Siding): void;
  /** What is in the siding is no longer known for sure: the lane has to be taken anew. */
  broken(siding: Siding): void;
}

/** How long a lane that is given back waits for what is on its way into a siding: an alarm may keep it for hours. */
const RELEASE_TIMEOUT_MS = 5_000;

/**
 * A place beside the lane for one routing key that would hold up its neighbours. Its owner alone moves messages into it and
 * consumes it. `messages at takeover + moves − acks` tells when it is worth asking the broker whether it is empty: more than
 * that may be in it, where a connection was lost before its last confirms.
 */
export class Siding {
  readonly index: number;
  readonly queue: string;
  readonly #family: LaneGroup;
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
    this.#family = place.laneGroup;
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

  /** The key that stands here. */
  get routingKey(): string | undefined {
    return this.#routingKey;
  }

  /** Messages that still stand in the lane and cannot move, for the broker takes nothing, or not the first of them. */
  get isStuck(): boolean {
    return this.#waiting.length > 0 && (this.#publisher.state() !== 'connected' || this.#movable === 0);
  }

  /**
   * Consumes so many messages that stand in the siding since before our time. Resolves once its routing key is learnt from
   * the first of them, or none is left to learn it from.
   */
  async takeOver(connection: ChannelModel, messages: number): Promise<void> {
    this.#expectedCount = messages;
    const learnt = new Promise<void>((resolve) => (this.#keyLearned = resolve));
    const consumer = this.#consume((message) => {
      // What somebody else put here says nothing about whose siding it is.
      if (laneOfMessage(this.#family, message) === this.#lane) {
        this.#routingKey ??= message.routingKey;
        this.#keyLearned();
      }
      this.#ports.arrived(message);
    });
    consumer.signal.addEventListener('abort', () => this.#keyLearned(), { once: true });
    await consumer.open(connection);
    await learnt;
    this.moveWaiting();
  }

  /** Gives the siding to a key. Nothing is moved before its consumer stands. */
  async open(connection: ChannelModel, routingKey: string): Promise<void> {
    this.#routingKey = routingKey;
    this.#expectedCount = 0;
    await this.#consume((message) => this.#ports.arrived(message)).open(connection);
  }

  /** Moves messages of the key here, behind those that are here already, and acknowledges them in the lane. */
  move(messages: readonly UnackedMessage[]): void {
    this.#waiting.push(...messages);
    if (this.#isReleasing) this.#returnToQueue();
    else this.moveWaiting();
  }

  /** Moves what waits, as soon as the broker takes messages and somebody consumes the siding. */
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

  /** Takes nothing more; resolves once nothing is on its way into the siding, or that takes too long. */
  async release(): Promise<void> {
    this.#isReleasing = true;
    this.#consumer?.beginRelease();
    await Promise.race([this.#moving, delay(this.#clock, RELEASE_TIMEOUT_MS)]);
    this.#returnToQueue();
  }

  /** Closes its channel, so that the broker can count what is in it. The key stands here still: what comes of it waits. */
  async pause(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    await consumer?.close();
  }

  /** From the call on no key stands here and the siding is free for another. @returns what waited to be moved, in order */
  clear(): readonly UnackedMessage[] {
    this.#routingKey = undefined;
    return this.#waiting.splice(0);
  }

  /** Closes its channel for good. */
  async close(): Promise<void> {
    this.#routingKey = undefined;
    await this.pause();
  }

  /** The connection is gone. */
  lose(): void {
    this.#isReleasing = true;
    this.#consumer?.lose();
  }

  #consume(arrived: (message: UnackedMessage) => void): LaneConsumer {
    const consumer = new LaneConsumer(
      this.queue,
      {
        arrived,
        unreadable: (from, delivery, unreadable) => this.#ports.unreadable(from, delivery, unreadable),
        closedByBroker: (from, reason) => this.#ports.closedByBroker(from, reason),
        lost: () => this.#ports.broken(this),
        acknowledged: () => {
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
    // Counted before they can come out at the other end.
    this.#expectedCount += batch.length;
    const left = await moveInOrder(batch, {
      publish: (message) => this.#publish(message),
      moved: (message) => message.lane.ack(message),
    });
    if (left.length === 0) return;
    // Whether they arrived is not known: the next owner, who counts afresh, shall go on.
    this.#waiting.unshift(...left);
    this.#isReleasing = true;
    this.#ports.broken(this);
  }

  #publish(message: UnackedMessage): Promise<void> {
    const key = sidingKey(this.#lane, this.index);
    const properties = toProperties({ ...message, maybeDuplicate: true });
    return this.#publisher.sendIgnoringBlock(this.#family.exchange, key, message.body, properties);
  }

  /**
   * How many of those that wait may move: none from the first on that the broker takes no more. That one goes the direct way
   * once everything before it has gone.
   */
  get #movable(): number {
    const tooLarge = this.#waiting.findIndex(({ body }) => !this.#publisher.accepts(body.length));
    return tooLarge === -1 ? this.#waiting.length : tooLarge;
  }

  #checkIfEmpty(): void {
    const isUsed = this.#movable > 0 || this.#moving !== undefined || this.#isReleasing;
    if (this.#expectedCount > 0 || isUsed || this.#consumer === undefined || this.#consumer.held.size > 0) return;
    this.#keyLearned();
    this.#ports.emptied(this);
  }

  #returnToQueue(): void {
    for (const message of this.#waiting.splice(0)) message.lane.returnToQueue(message);
  }
}
