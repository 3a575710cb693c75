import { type ChannelModel, type ConsumeMessage } from 'amqplib';
import { type HeldMessage, Lane } from './lane';
import { toProperties } from './message';
import { type Publisher } from './publisher';
import { type Family, sidingKey, sidingQueue } from './topology';

export interface SidingPorts {
  /** A message came off the siding. */
  arrived(message: HeldMessage): void;
  /** Something came off it that none of ours published. */
  foreign(consumer: Lane, delivery: ConsumeMessage, problem: string): void;
  /** Everything that was moved here is gone again: the key may go the direct way. */
  emptied(siding: Siding): void;
  /** What is in the siding is no longer known for sure: the lane has to be taken anew. */
  broken(siding: Siding): void;
}

/**
 * A place beside the lane for one routing key that would hold up its neighbours. Its owner alone moves messages into it and
 * consumes it, so that `messages at takeover + moves − acks` tells when it is empty, without a question to the broker.
 */
export class Siding {
  readonly index: number;
  readonly queue: string;
  readonly #family: Family;
  readonly #lane: number;
  readonly #publisher: Publisher;
  readonly #ports: SidingPorts;
  readonly #waiting: HeldMessage[] = [];
  #consumer: Lane | undefined;
  #routingKey: string | undefined;
  #within = 0;
  #moving: Promise<void> | undefined;
  #leaving = false;
  #learnt: () => void = () => undefined;

  constructor(
    place: { readonly family: Family; readonly lane: number; readonly index: number },
    publisher: Publisher,
    ports: SidingPorts,
  ) {
    this.#family = place.family;
    this.#lane = place.lane;
    this.index = place.index;
    this.queue = sidingQueue(place.family, place.lane, place.index);
    this.#publisher = publisher;
    this.#ports = ports;
  }

  get isFree(): boolean {
    return this.#consumer === undefined && !this.#leaving;
  }

  get consumer(): Lane | undefined {
    return this.#consumer;
  }

  /** The key that stands here. */
  get routingKey(): string | undefined {
    return this.#routingKey;
  }

  /**
   * Consumes so many messages that stand in the siding since before our time. Resolves once its routing key is learnt from
   * the first of them, or none is left to learn it from.
   */
  async takeOver(connection: ChannelModel, messages: number): Promise<void> {
    this.#within = messages;
    const learnt = new Promise<void>((resolve) => (this.#learnt = resolve));
    const consumer = this.#consume((message) => {
      this.#routingKey ??= message.routingKey;
      this.#learnt();
      this.#ports.arrived(message);
    });
    consumer.signal.addEventListener('abort', () => this.#learnt(), { once: true });
    await consumer.open(connection);
    await learnt;
  }

  /** Gives the siding to a key. Nothing is moved before its consumer stands. */
  async open(connection: ChannelModel, routingKey: string): Promise<void> {
    this.#routingKey = routingKey;
    await this.#consume((message) => this.#ports.arrived(message)).open(connection);
  }

  /** Moves messages of the key here, behind those that are here already, and acknowledges them in the lane. */
  move(messages: readonly HeldMessage[]): void {
    this.#waiting.push(...messages);
    if (this.#leaving) this.#handBack();
    else this.#begin();
  }

  /** Takes nothing more; resolves once nothing is on its way into the siding. */
  async leave(): Promise<void> {
    this.#leaving = true;
    this.#consumer?.leave();
    await this.#moving;
    this.#handBack();
  }

  /** Closes its channel. From the call on no key stands here; after it the siding is free for another. */
  async close(): Promise<void> {
    this.#routingKey = undefined;
    await this.#consumer?.close();
    this.#consumer = undefined;
  }

  /** The connection is gone. */
  lose(): void {
    this.#leaving = true;
    this.#consumer?.lose();
  }

  #consume(arrived: (message: HeldMessage) => void): Lane {
    const consumer = new Lane(this.queue, {
      arrived,
      foreign: (from, delivery, problem) => this.#ports.foreign(from, delivery, problem),
      lost: () => this.#ports.broken(this),
      acknowledged: () => {
        this.#within -= 1;
        this.#lookIfEmpty();
      },
    });
    this.#consumer = consumer;
    return consumer;
  }

  #begin(): void {
    this.#moving ??= this.#run().finally(() => {
      this.#moving = undefined;
      if (this.#waiting.length > 0 && !this.#leaving) this.#begin();
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#leaving) {
      const batch = this.#waiting.splice(0);
      // Counted before they can come out at the other end.
      this.#within += batch.length;
      const results = await Promise.allSettled(batch.map((message) => this.#publish(message)));
      const failed = results.findIndex(({ status }) => status === 'rejected');
      const moved = failed === -1 ? batch : batch.slice(0, failed);
      for (const message of moved) message.lane.ack(message);
      if (failed === -1) continue;
      // Whether the rest arrived is not known: the next owner, who counts afresh, shall go on.
      this.#waiting.unshift(...batch.slice(failed));
      this.#leaving = true;
      this.#ports.broken(this);
    }
    this.#lookIfEmpty();
  }

  #publish(message: HeldMessage): Promise<void> {
    const key = sidingKey(this.#lane, this.index);
    return this.#publisher.send(this.#family.exchange, key, message.body, toProperties({ ...message, again: true }));
  }

  #lookIfEmpty(): void {
    if (this.#within > 0 || this.#waiting.length > 0 || this.#leaving) return;
    this.#learnt();
    this.#ports.emptied(this);
  }

  #handBack(): void {
    for (const message of this.#waiting.splice(0)) message.lane.handBack(message);
  }
}
