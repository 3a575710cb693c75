import { type Clock } from '@pdaltagent/clock';
import { type KeyRegistry } from './key-registry';
import { type Deliverable, OrderQueue, QueuedMessage } from './key-queue';
import { type MessageStatus, statusOf } from './message-status';
import { AttemptHistoryCache } from './attempt-history-cache';

/** All held messages, in the queues of their order keys, and the attempt history of those held before. */
export class Backlog<M extends Deliverable> {
  readonly #keys: KeyRegistry<M>;
  readonly #entries = new Map<M, QueuedMessage<M>>();
  readonly #histories = new AttemptHistoryCache();

  constructor(keys: KeyRegistry<M>) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** When the oldest message was accepted; milliseconds since 1970. */
  get oldestReceivedAt(): number | undefined {
    let oldest: number | undefined;
    for (const { receivedAt } of this.#entries.keys()) oldest = Math.min(oldest ?? receivedAt, receivedAt);
    return oldest;
  }

  get(message: M): QueuedMessage<M> | undefined {
    return this.#entries.get(message);
  }

  /** The status of a message; undefined if it is not held. */
  statusOf(message: M, clock: Clock): MessageStatus | undefined {
    const entry = this.#entries.get(message);
    return entry === undefined ? undefined : statusOf(entry, clock);
  }

  /** Whether an attempt for the message is in flight, or its ack or dead letter is being written. */
  isBusy(message: M): boolean {
    const queue = this.#entries.get(message)?.queue;
    return queue?.entries[0]?.message === message && queue.isBusy;
  }

  /** Adds a message after all others of its order key. */
  add(message: M, now: number): QueuedMessage<M> {
    const key = this.#keys.getOrCreate(message, now);
    const queue = key.queues.get(message.orderKey) ?? new OrderQueue(message.orderKey, key);
    key.queues.set(message.orderKey, queue);
    const entry = new QueuedMessage(message, queue, this.#histories.take(message.id));
    entry.history.firstHeldAt ??= now;
    queue.entries.push(entry);
    this.#entries.set(message, entry);
    return entry;
  }

  /** Removes a message from its queue; if it may return, its attempt history is kept. */
  remove(entry: QueuedMessage<M>, outcome: 'settled' | 'returned', now: number): void {
    const { message, queue, history } = entry;
    const { key } = queue;
    if (outcome === 'returned') this.#histories.remember(message.id, history);
    else this.#histories.forget(message.id);
    this.#entries.delete(message);
    queue.entries.splice(queue.entries.indexOf(entry), 1);
    if (queue.entries.length > 0) return;
    key.queues.delete(queue.orderKey);
    if (key.queues.size === 0) key.idleSince = now;
  }
}
