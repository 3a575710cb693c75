import { type MessageProperties } from 'amqplib';
import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { withDeath } from './deaths';

export interface BrokerMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: MessageProperties;
}

interface QueueEntry {
  readonly id: number;
  readonly message: BrokerMessage;
  readonly returns: number;
}

export interface QueueConsumer {
  readonly channel: object;
  readonly tag: string;
  /** Maximum unacknowledged messages; 0 for no limit. */
  readonly prefetch: number;
  readonly noAck: boolean;
  deliver(id: number, message: BrokerMessage, isRedelivered: boolean): void;
  /** The queue was deleted. */
  cancelled(): void;
}

export interface QueueOptions {
  readonly name: string;
  readonly type: 'quorum' | 'classic';
  readonly singleActiveConsumer: boolean;
  readonly hasDeliveryLimit: boolean;
  /** The only connection that may use it; the queue is deleted when that connection ends. */
  readonly exclusiveTo: object | undefined;
  /** Where rejected messages go. */
  readonly deadLetters: { readonly exchange: string; readonly routingKey: string } | undefined;
}

/**
 * A queue and the log of its commands, which are applied in order. A quorum queue's Raft group can stall: then commands
 * are appended and not applied.
 */
export class Queue {
  readonly #broker: { readonly scheduler: Scheduler; readonly maxApplyMs: number };
  readonly #random: SeededRandom;
  readonly #route: (exchange: string, routingKey: string, message: BrokerMessage) => void;
  readonly #log: { readonly command: () => void; readonly isCertain: boolean }[] = [];
  readonly #ready: QueueEntry[] = [];
  /** Delivered before the ready ones: what consumers returned, in the order of its return. */
  readonly #returned: QueueEntry[] = [];
  readonly #consumers: QueueConsumer[] = [];
  readonly #held = new Map<QueueConsumer, Map<number, QueueEntry>>();
  #lastId = 0;
  #lastServed = 0;
  #isStalled = false;
  #cancelApply: (() => void) | undefined;

  constructor(
    readonly options: QueueOptions,
    broker: { readonly scheduler: Scheduler; readonly maxApplyMs: number },
    route: (exchange: string, routingKey: string, message: BrokerMessage) => void,
  ) {
    this.#broker = broker;
    this.#route = route;
    this.#random = new SeededRandom(broker.scheduler.seed, `queue ${options.name}`);
  }

  get messageCount(): number {
    return this.#ready.length + this.#returned.length;
  }

  get consumerCount(): number {
    return this.#consumers.length;
  }

  get isStalled(): boolean {
    return this.#isStalled;
  }

  /** Every message, delivered and not acknowledged ones included. */
  get messages(): readonly BrokerMessage[] {
    return [...this.unacknowledged, ...[...this.#returned, ...this.#ready].map(({ message }) => message)];
  }

  /** Delivered to consumers, and not acknowledged. */
  get unacknowledged(): readonly BrokerMessage[] {
    return [...this.#held.values()].flatMap((entries) => [...entries.values()].map(({ message }) => message));
  }

  /** The node restarts: of the commands that are not applied, only the first ones were written. */
  restart(): void {
    const lost = this.#log.splice(this.#random.below(this.#log.length + 1));
    this.#log.push(...lost.filter(({ isCertain }) => isCertain));
    this.#isStalled = false;
    this.#applySoon();
  }

  /** The Raft group answers nothing until `resume`. */
  stall(): void {
    if (this.options.type === 'classic')
      throw new Error(`${this.options.name} is a classic queue: it has no Raft group`);
    this.#isStalled = true;
    this.#cancelApply?.();
    this.#cancelApply = undefined;
  }

  resume(): void {
    this.#isStalled = false;
    this.#applySoon();
  }

  /** @param isCertain whether the command is found out again if the node restarts before it is applied */
  append(command: () => void, isCertain = false): void {
    this.#log.push({ command, isCertain });
    this.#applySoon();
  }

  enqueue(message: BrokerMessage): void {
    this.#lastId += 1;
    this.#ready.push({ id: this.#lastId, message, returns: 0 });
  }

  addConsumer(consumer: QueueConsumer): void {
    this.#consumers.push(consumer);
    this.#held.set(consumer, new Map());
  }

  /** The consumer gets nothing more; what it holds it may still acknowledge. */
  cancelConsumer(consumer: QueueConsumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index !== -1) this.#consumers.splice(index, 1);
  }

  /** A channel ended: what its consumers hold returns to the queue, in the order of their tags. */
  channelDown(channel: object): void {
    const consumers = [...this.#held.keys()].filter((consumer) => consumer.channel === channel);
    consumers.sort((left, right) => (left.tag < right.tag ? -1 : 1));
    for (const consumer of consumers) {
      this.cancelConsumer(consumer);
      for (const entry of this.#held.get(consumer)?.values() ?? []) this.#return(entry);
      this.#held.delete(consumer);
    }
  }

  /** Without effect on messages that the consumer does not hold any more. */
  settle(consumer: QueueConsumer, ids: readonly number[], outcome: 'acknowledged' | 'returned' | 'rejected'): void {
    const held = this.#held.get(consumer);
    for (const id of ids) {
      const entry = held?.get(id);
      if (entry === undefined) continue;
      held?.delete(id);
      if (outcome === 'rejected') this.#deadLetter(entry.message);
      if (outcome === 'returned') this.#requeue(entry);
    }
  }

  /** Tells its consumers that it was deleted. */
  delete(): void {
    for (const consumer of this.#consumers) consumer.cancelled();
  }

  #deadLetter(message: BrokerMessage): void {
    const { deadLetters } = this.options;
    if (deadLetters === undefined) return;
    const properties = withDeath(message, this.options.name, this.#broker.scheduler.now);
    this.#route(deadLetters.exchange, deadLetters.routingKey, { ...message, ...deadLetters, properties });
  }

  #return({ id, message, returns }: QueueEntry): void {
    const entry = { id, message, returns: returns + 1 };
    if (this.options.type === 'classic') {
      // To its original position.
      const next = this.#ready.findIndex((other) => other.id > id);
      this.#ready.splice(next === -1 ? this.#ready.length : next, 0, entry);
    } else this.#returned.push(entry);
  }

  /** A consumer returns a message: RabbitMQ 3.10 enqueues it again if the queue has no delivery limit. */
  #requeue(entry: QueueEntry): void {
    if (this.options.type === 'classic' || this.options.hasDeliveryLimit) return this.#return(entry);
    this.#lastId += 1;
    this.#ready.push({ id: this.#lastId, message: entry.message, returns: entry.returns + 1 });
  }

  #applySoon(): void {
    if (this.#isStalled || this.#cancelApply !== undefined || this.#log.length === 0) return;
    const { name } = this.options;
    const { scheduler, maxApplyMs } = this.#broker;
    this.#cancelApply = scheduler.schedule(this.#random.fraction() * maxApplyMs, `${name} applies`, () => {
      this.#cancelApply = undefined;
      for (const { command } of this.#log.splice(0)) {
        command();
        this.#deliver();
      }
    });
  }

  #deliver(): void {
    for (;;) {
      const consumer = this.#nextConsumer();
      const entry = consumer === undefined ? undefined : (this.#returned.shift() ?? this.#ready.shift());
      if (consumer === undefined || entry === undefined) return;
      if (!consumer.noAck) this.#held.get(consumer)?.set(entry.id, entry);
      consumer.deliver(entry.id, this.#withReturns(entry), entry.returns > 0);
    }
  }

  /** The single active consumer is the one that has subscribed for the longest time; otherwise they take turns. */
  #nextConsumer(): QueueConsumer | undefined {
    const consumers = this.options.singleActiveConsumer ? this.#consumers.slice(0, 1) : this.#consumers;
    for (let index = 1; index <= consumers.length; index += 1) {
      const turn = (this.#lastServed + index) % consumers.length;
      const consumer = consumers[turn];
      if (consumer === undefined) return undefined;
      const isFree = consumer.noAck || consumer.prefetch === 0;
      if (!isFree && (this.#held.get(consumer)?.size ?? 0) >= consumer.prefetch) continue;
      this.#lastServed = turn;
      return consumer;
    }
    return undefined;
  }

  #withReturns({ message, returns }: QueueEntry): BrokerMessage {
    if (this.options.type === 'classic' || returns === 0) return message;
    const { properties } = message;
    return {
      ...message,
      properties: { ...properties, headers: { ...properties.headers, 'x-delivery-count': returns } },
    };
  }
}
