import { type Clock, type Random, uuid } from '@pdaltagent/clock';
import { type ConsumeMessage } from 'amqplib';
import { type LaneChannel } from './lane-channel';
import { isOwnMessage, keysIn, type ParkedKeys, tableMessage, unionOf } from './parking-table';
import { type QueuePublisher } from './queue-publisher';

/** How soon a worker that receives nothing writes a mark: the queue is empty before a lane's first owner. */
const MARK_AFTER_MS = 200;

export interface LaneTableOptions {
  readonly queue: string;
  readonly lane: LaneChannel;
  readonly publisher: Pick<QueuePublisher, 'send'>;
  /** The queue had another owner meanwhile. */
  readonly onLost: () => void;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The table of a lane's parked keys, in a queue of its own. Its single active consumer owns the lane. It always holds the newest
 * table that came back, so that the next owner receives it first, and sees with it that it is the owner.
 */
export class LaneTable {
  readonly #options: LaneTableOptions;
  /** By message id, in the order of the queue. */
  readonly #held = new Map<string, ConsumeMessage>();
  #written: { readonly id: string; readonly onBack: () => void } | undefined;
  #isTaken = false;
  #onFirst: () => void = () => undefined;
  /** When the newest table was taken or came back; monotonic. */
  heldSince = Number.POSITIVE_INFINITY;

  constructor(options: LaneTableOptions) {
    this.#options = options;
  }

  get isWriting(): boolean {
    return this.#written !== undefined;
  }

  /**
   * Resolves once the lane is ours, and every table that its former owners relied on is known: invariant I3.
   * @param onSubscribed ours, or we wait for it
   * @returns its parked keys; undefined if no worker of this version has owned it before @throws Error if the lane is lost first
   */
  async take(onSubscribed: () => void): Promise<ParkedKeys | undefined> {
    const { queue, lane, clock } = this.#options;
    const first = new Promise<void>((resolve, reject) => {
      this.#onFirst = resolve;
      lane.signal.addEventListener('abort', () => reject(new Error('the lane was lost')), { once: true });
    });
    first.catch(() => undefined);
    await lane.subscribe(queue, (delivery) => this.#onDelivery(delivery));
    onSubscribed();
    await first.finally(clock.after(MARK_AFTER_MS, () => void this.#publish(undefined)));
    // The broker sends together what a new active consumer may have: the reply comes after all of it.
    await lane.roundTrip();
    this.#isTaken = true;
    this.heldSince = clock.monotonic();
    const tables = [...this.#held.values()].flatMap((delivery) => keysIn(delivery) ?? []);
    return tables.length === 0 ? undefined : unionOf(tables);
  }

  /** `onBack` is called once the queue has the table and we still own it: never, if we do not. One at a time. */
  write(keys: ParkedKeys, onBack: () => void): void {
    this.#written = { id: this.#publish(keys), onBack };
  }

  #publish(keys: ParkedKeys | undefined): string {
    const { publisher, random } = this.#options;
    const id = uuid(random);
    publisher.send(tableMessage(id, keys));
    return id;
  }

  #onDelivery(delivery: ConsumeMessage): boolean {
    if (!isOwnMessage(delivery)) return false;
    const { lane, onLost } = this.#options;
    const id = String(delivery.properties.messageId);
    if (this.#held.has(id) && delivery.fields.redelivered) onLost();
    // A copy; or another worker's, which waits for the lane, or had lost it when it wrote a table: that never came back to it.
    else if (this.#held.has(id) || (this.#isTaken && id !== this.#written?.id)) lane.ackDelivery(delivery);
    else this.#hold(id, delivery);
    return true;
  }

  #hold(id: string, delivery: ConsumeMessage): void {
    this.#held.set(id, delivery);
    this.#onFirst();
    const written = this.#written;
    if (id !== written?.id) return;
    this.#release(id);
    this.heldSince = this.#options.clock.monotonic();
    this.#written = undefined;
    written.onBack();
  }

  /** Acknowledges all but the newest. */
  #release(newest: string): void {
    for (const [id, delivery] of this.#held) {
      if (id === newest) continue;
      this.#held.delete(id);
      this.#options.lane.ackDelivery(delivery);
    }
  }
}
