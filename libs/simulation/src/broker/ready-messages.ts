import { type BrokerMessage, type QueueEntry } from './queue-message';

/** What a queue has ready to deliver, in the order of delivery. */
export class ReadyMessages {
  readonly #options: { readonly type: 'quorum' | 'classic'; readonly hasDeliveryLimit: boolean };
  readonly #enqueued: QueueEntry[] = [];
  /** Delivered before those that were enqueued: what consumers returned, in the order of its return. */
  readonly #returned: QueueEntry[] = [];
  #lastId = 0;

  constructor(options: { readonly type: 'quorum' | 'classic'; readonly hasDeliveryLimit: boolean }) {
    this.#options = options;
  }

  get count(): number {
    return this.#enqueued.length + this.#returned.length;
  }

  get messages(): readonly BrokerMessage[] {
    return [...this.#returned, ...this.#enqueued].map(({ message }) => message);
  }

  /** How many of them have this id. */
  copiesOf(id: string): number {
    let copies = 0;
    for (const { message } of this.#returned) if (message.properties.messageId === id) copies += 1;
    for (const { message } of this.#enqueued) if (message.properties.messageId === id) copies += 1;
    return copies;
  }

  clear(): void {
    this.#enqueued.length = 0;
    this.#returned.length = 0;
  }

  next(): QueueEntry | undefined {
    return this.#returned.shift() ?? this.#enqueued.shift();
  }

  enqueue(message: BrokerMessage, returns = 0): void {
    this.#lastId += 1;
    this.#enqueued.push({ id: this.#lastId, message, returns });
  }

  /** A consumer has ended that held it. */
  return({ id, message, returns }: QueueEntry): void {
    const entry = { id, message, returns: returns + 1 };
    if (this.#options.type === 'classic') {
      // To its original position.
      const next = this.#enqueued.findIndex((other) => other.id > id);
      this.#enqueued.splice(next === -1 ? this.#enqueued.length : next, 0, entry);
    } else this.#returned.push(entry);
  }

  /** A consumer returns it: RabbitMQ 3.10 enqueues it again if the queue has no delivery limit. */
  requeue(entry: QueueEntry): void {
    if (this.#options.type === 'classic' || this.#options.hasDeliveryLimit) this.return(entry);
    else this.enqueue(entry.message, entry.returns + 1);
  }
}
