import { type BrokerMessage, type QueueEntry } from './queue-message';

export interface QueueConsumer {
  readonly channel: object;
  /** Whose it is, for the trace. */
  readonly client: string;
  readonly tag: string;
  /** Maximum unacknowledged messages; 0 for no limit. */
  readonly prefetch: number;
  readonly noAck: boolean;
  deliver(delivery: number, message: BrokerMessage, isRedelivered: boolean): void;
  /** The queue was deleted. */
  cancelled(): void;
}

/** The consumers of a queue, what each of them holds, and which one is next. */
export class QueueConsumers {
  readonly #isSingleActive: boolean;
  readonly #isQuorum: boolean;
  /** Those that may get something, in the order in which they may become the single active one. */
  readonly #subscribed: QueueConsumer[] = [];
  /** By number of the delivery: a message that is delivered again is not settled by an acknowledgement of before. */
  readonly #held = new Map<QueueConsumer, Map<number, QueueEntry>>();
  /** Those whose nodes are cut off from the queue's leader. */
  readonly #suspended = new Set<QueueConsumer>();
  /** Those that were active until their nodes were cut off. */
  readonly #demoted = new Set<QueueConsumer>();
  #active: QueueConsumer | undefined;
  #lastServed = 0;
  #lastDelivery = 0;

  constructor(options: { readonly type: 'quorum' | 'classic'; readonly singleActiveConsumer: boolean }) {
    this.#isSingleActive = options.singleActiveConsumer;
    this.#isQuorum = options.type === 'quorum';
  }

  /**
   * As a queue reports it: without those that wait to become the single active one; a quorum queue counts also who only
   * holds messages.
   */
  get count(): number {
    if (!this.#isSingleActive) return this.#isQuorum ? this.#held.size : this.#subscribed.length;
    return this.active === undefined ? 0 : 1;
  }

  /** The single active consumer: the next one is the one that has waited for the longest time. */
  get active(): QueueConsumer | undefined {
    if (!this.#isSingleActive) return undefined;
    this.#active ??= this.#subscribed.find((consumer) => !this.#suspended.has(consumer));
    if (this.#active !== undefined) this.#demoted.delete(this.#active);
    return this.#active;
  }

  /** Whether a consumer of the channel was active, and is not any more although it has not ended. */
  isDemoted(channel: object): boolean {
    return [...this.#demoted].some((consumer) => consumer.channel === channel);
  }

  isActive(channel: object): boolean {
    return this.#active?.channel === channel;
  }

  /** Whether one of them is the channel's. */
  includes(channel: object): boolean {
    return [...this.#held.keys()].some((consumer) => consumer.channel === channel);
  }

  /** Delivered and not settled. */
  get held(): readonly QueueEntry[] {
    return [...this.#held.values()].flatMap((entries) => [...entries.values()]);
  }

  /** How many of them have this id. */
  copiesOf(id: string): number {
    let copies = 0;
    for (const entries of this.#held.values())
      for (const { message } of entries.values()) if (message.properties.messageId === id) copies += 1;
    return copies;
  }

  add(consumer: QueueConsumer): void {
    this.#subscribed.push(consumer);
    this.hold(consumer);
  }

  /** It may hold messages; it is not subscribed, unless it was added. */
  hold(consumer: QueueConsumer): void {
    this.#held.set(consumer, new Map());
  }

  /** It gets nothing more; what it holds it may still settle. */
  cancel(consumer: QueueConsumer): void {
    const index = this.#subscribed.indexOf(consumer);
    if (index !== -1) this.#subscribed.splice(index, 1);
    this.#suspended.delete(consumer);
    this.#demoted.delete(consumer);
    if (this.#active === consumer) this.#active = undefined;
  }

  /** The channel ended. @returns what its consumers held, in the order of their tags */
  removeChannel(channel: object): readonly QueueEntry[] {
    return this.#of(channel).flatMap((consumer) => {
      this.cancel(consumer);
      const entries = this.#release(consumer);
      this.#held.delete(consumer);
      return entries;
    });
  }

  /**
   * The nodes of these channels are cut off from the leader: their consumers get nothing, and no notice of it. The active
   * one waits after all others from then on. @returns what they held
   */
  suspend(channels: ReadonlySet<object>): readonly QueueEntry[] {
    const { active } = this;
    const consumers = [...channels].flatMap((channel) => this.#of(channel));
    for (const consumer of consumers) this.#suspended.add(consumer);
    if (active !== undefined && consumers.includes(active)) {
      this.#active = undefined;
      this.#demoted.add(active);
      this.#subscribed.splice(this.#subscribed.indexOf(active), 1);
      this.#subscribed.push(active);
    }
    return consumers.flatMap((consumer) => this.#release(consumer));
  }

  /** The channel's node reaches the leader again. */
  resume(channel: object): void {
    for (const consumer of this.#of(channel)) this.#suspended.delete(consumer);
  }

  /** A consumer that can take a message. */
  next(): QueueConsumer | undefined {
    if (this.#isSingleActive) {
      const { active } = this;
      return active !== undefined && this.#canTake(active) ? active : undefined;
    }
    const consumers = this.#subscribed.filter((each) => !this.#suspended.has(each));
    for (let index = 1; index <= consumers.length; index += 1) {
      const turn = (this.#lastServed + index) % consumers.length;
      const consumer = consumers[turn];
      if (consumer === undefined) return undefined;
      if (!this.#canTake(consumer)) continue;
      this.#lastServed = turn;
      return consumer;
    }
    return undefined;
  }

  #canTake(consumer: QueueConsumer): boolean {
    if (consumer.noAck || consumer.prefetch === 0) return true;
    return (this.#held.get(consumer)?.size ?? 0) < consumer.prefetch;
  }

  /** @returns the number of the delivery */
  take(consumer: QueueConsumer, entry: QueueEntry): number {
    this.#lastDelivery += 1;
    if (!consumer.noAck) this.#held.get(consumer)?.set(this.#lastDelivery, entry);
    return this.#lastDelivery;
  }

  /** @returns the message, unless the consumer does not hold that delivery any more */
  settle(consumer: QueueConsumer, delivery: number): QueueEntry | undefined {
    const held = this.#held.get(consumer);
    const entry = held?.get(delivery);
    held?.delete(delivery);
    if (held?.size === 0 && !this.#subscribed.includes(consumer)) this.#held.delete(consumer);
    return entry;
  }

  /** The queue was deleted. */
  cancelled(): void {
    for (const consumer of this.#subscribed) consumer.cancelled();
  }

  #of(channel: object): readonly QueueConsumer[] {
    const consumers = [...this.#held.keys()].filter((consumer) => consumer.channel === channel);
    return consumers.sort((left, right) => (left.tag < right.tag ? -1 : 1));
  }

  #release(consumer: QueueConsumer): readonly QueueEntry[] {
    const held = this.#held.get(consumer);
    const entries = [...(held?.values() ?? [])];
    held?.clear();
    return entries;
  }
}
