import { type Scheduler } from '../scheduler';
import { withDeath } from './deaths';
import { type QueueConsumer, QueueConsumers } from './queue-consumers';
import { type BrokerMessage, type QueueEntry } from './queue-message';
import { ReadyMessages } from './ready-messages';

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

/** Sends a message to the queues that are bound for it. */
export type Route = (exchange: string, routingKey: string, message: BrokerMessage) => void;

interface QueueStatePorts {
  readonly route: Route;
  /** Notes what happens without the clients being told. */
  readonly activated: (client: string) => void;
}

/** The messages and consumers of a queue, and what commands do to them once they are applied (`rabbit_fifo`). */
export class QueueState {
  readonly #options: QueueOptions;
  readonly #scheduler: Scheduler;
  readonly #ports: QueueStatePorts;
  readonly #ready: ReadyMessages;
  readonly #consumers: QueueConsumers;
  /** The client of the active consumer, as the trace has it. */
  #activeClient: string | undefined;

  constructor(options: QueueOptions, scheduler: Scheduler, ports: QueueStatePorts) {
    this.#options = options;
    this.#scheduler = scheduler;
    this.#ports = ports;
    this.#ready = new ReadyMessages(options);
    this.#consumers = new QueueConsumers(options);
  }

  /** Whose the active consumer is. */
  get activeClient(): string | undefined {
    return this.#activeClient;
  }

  get messageCount(): number {
    return this.#ready.count;
  }

  get consumerCount(): number {
    return this.#consumers.count;
  }

  /** Every message, delivered and not acknowledged ones included. */
  get messages(): readonly BrokerMessage[] {
    return [...this.unacknowledged, ...this.#ready.messages];
  }

  /** Delivered to consumers, and not acknowledged. */
  get unacknowledged(): readonly BrokerMessage[] {
    return this.#consumers.held.map(({ message }) => message);
  }

  /** How many messages have this id. */
  copiesOf(id: string): number {
    return this.#consumers.copiesOf(id) + this.#ready.copiesOf(id);
  }

  /** Whether a consumer of the channel was active, and is not any more although it has not ended. */
  isDemoted(channel: object): boolean {
    return this.#consumers.isDemoted(channel);
  }

  hasConsumerOf(channel: object): boolean {
    return this.#consumers.includes(channel);
  }

  /** Whether the channel has the active consumer. */
  isActive(channel: object): boolean {
    return this.#consumers.isActive(channel);
  }

  enqueue(message: BrokerMessage): void {
    this.#ready.enqueue(message);
  }

  /** Delivers one message, if there is one, to a consumer that is not subscribed. @returns whether it does that */
  get(consumer: QueueConsumer): boolean {
    if (this.#options.type === 'quorum' && this.#options.singleActiveConsumer) return false;
    const entry = this.#ready.next();
    if (entry === undefined) return true;
    this.#consumers.hold(consumer);
    this.#deliverTo(consumer, entry, true);
    return true;
  }

  addConsumer(consumer: QueueConsumer): void {
    this.#consumers.add(consumer);
  }

  /** The consumer gets nothing more; what it holds it may still acknowledge. */
  cancelConsumer(consumer: QueueConsumer): void {
    this.#consumers.cancel(consumer);
  }

  /** A channel ended: what its consumers hold returns to the queue. */
  channelDown(channel: object): void {
    for (const entry of this.#consumers.removeChannel(channel)) this.#ready.return(entry);
  }

  /** Channels' nodes are cut off from the leader: the same, but their consumers remain, and wait. */
  suspend(channels: ReadonlySet<object>): void {
    for (const entry of this.#consumers.suspend(channels)) this.#ready.return(entry);
  }

  /** The channel's node reaches the leader again. */
  resume(channel: object): void {
    this.#consumers.resume(channel);
  }

  /** Without effect on deliveries that the consumer does not hold any more. */
  settle(
    consumer: QueueConsumer,
    deliveries: readonly number[],
    outcome: 'acknowledged' | 'returned' | 'rejected',
  ): void {
    for (const delivery of deliveries) {
      const entry = this.#consumers.settle(consumer, delivery);
      if (entry === undefined) continue;
      if (outcome === 'rejected') this.#deadLetter(entry.message);
      if (outcome === 'returned') this.#ready.requeue(entry);
    }
  }

  /** Every message is lost. */
  clear(): void {
    this.#ready.clear();
  }

  /** Tells its consumers that the queue was deleted. */
  delete(): void {
    this.#consumers.cancelled();
  }

  /** Delivers what consumers can take. */
  deliver(): void {
    for (;;) {
      const consumer = this.#consumers.next();
      this.#noteActive();
      const entry = consumer === undefined ? undefined : this.#ready.next();
      if (consumer === undefined || entry === undefined) return;
      this.#deliverTo(consumer, entry);
    }
  }

  #deadLetter(message: BrokerMessage): void {
    const { name, deadLetters } = this.#options;
    if (deadLetters === undefined) return;
    const properties = withDeath(message, name, this.#scheduler.now);
    this.#ports.route(deadLetters.exchange, deadLetters.routingKey, { ...message, ...deadLetters, properties });
  }

  #noteActive(): void {
    const client = this.#consumers.active?.client;
    if (client === this.#activeClient) return;
    this.#activeClient = client;
    if (client !== undefined) this.#ports.activated(client);
    this.#scheduler.note(`${this.#options.name}: ${client ?? 'nobody'} is the single active consumer`);
  }

  /** @param isRequested basic.get: even the first delivery has a count */
  #deliverTo(consumer: QueueConsumer, entry: QueueEntry, isRequested = false): void {
    const delivery = this.#consumers.take(consumer, entry);
    const isCounted = this.#options.type === 'quorum' && (isRequested || entry.returns > 0);
    consumer.deliver(delivery, isCounted ? withReturns(entry) : entry.message, entry.returns > 0);
  }
}

function withReturns({ message, returns }: QueueEntry): BrokerMessage {
  const { properties } = message;
  return {
    ...message,
    properties: { ...properties, headers: { ...properties.headers, 'x-delivery-count': returns } },
  };
}
