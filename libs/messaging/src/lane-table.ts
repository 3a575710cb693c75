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
  /** Their message ids, in the order of the queue. One may be there twice: it was sent again before its confirm came. */
  readonly #held = new Map<ConsumeMessage, string>();
  #written: { readonly id: string; readonly onBack: () => void } | undefined;
  /** Begins the ids of what this owner writes. */
  readonly #writer: string;
  #count = 0;
  #state: 'waiting' | 'taken' | 'lost' = 'waiting';
  #onFirst: () => void = () => undefined;
  /** Whether the lane is ours, or we wait for it. */
  isSubscribed = false;
  /** When the newest table was taken or came back; monotonic. */
  heldSince = Number.POSITIVE_INFINITY;

  constructor(options: LaneTableOptions) {
    this.#options = options;
    this.#writer = uuid(options.random);
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
    this.isSubscribed = true;
    onSubscribed();
    await first.finally(clock.after(MARK_AFTER_MS, () => void this.#publish(undefined)));
    // The broker sends together what a new active consumer may have: the reply comes after all of it.
    await lane.roundTrip();
    if (this.#state === 'waiting') this.#state = 'taken';
    this.heldSince = clock.monotonic();
    const tables = [...this.#held.keys()].flatMap((delivery) => keysIn(delivery) ?? []);
    return tables.length === 0 ? undefined : unionOf(tables);
  }

  /** `onBack` is called once the queue has the table and we still own it: never, if we do not. One at a time. */
  write(keys: ParkedKeys, onBack: () => void): void {
    if (this.#written !== undefined) throw new Error('a table of the lane is still being written');
    this.#written = { id: this.#publish(keys), onBack };
  }

  #publish(keys: ParkedKeys | undefined): string {
    this.#count += 1;
    const id = `${this.#writer}:${this.#count}`;
    this.#options.publisher.send(tableMessage(id, keys));
    return id;
  }

  #onDelivery(delivery: ConsumeMessage): boolean {
    if (!isOwnMessage(delivery)) return false;
    // Requeued once the lane is left.
    if (this.#state === 'lost') return true;
    const id = String(delivery.properties.messageId);
    if (this.#state === 'waiting' || id === this.#written?.id) this.#hold(id, delivery);
    else if (this.#isHeld(id) ? delivery.fields.redelivered : this.#isOfAnotherOwner(id, delivery)) this.#lose();
    // A copy, or the mark of a worker that waits for the lane.
    else this.#options.lane.ackDelivery(delivery);
    return true;
  }

  #isHeld(id: string): boolean {
    return [...this.#held.values()].includes(id);
  }

  /** Whether it names keys that another worker parked since the lane was taken, or would have parked. */
  #isOfAnotherOwner(id: string, delivery: ConsumeMessage): boolean {
    return !id.startsWith(this.#writer) && keysIn(delivery) !== undefined;
  }

  /** Another owner's table is neither known to this one nor may it be acknowledged: invariant I3. */
  #lose(): void {
    this.#state = 'lost';
    this.#options.onLost();
  }

  #hold(id: string, delivery: ConsumeMessage): void {
    this.#held.set(delivery, id);
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
    for (const [delivery, id] of this.#held) {
      if (id === newest) continue;
      this.#held.delete(delivery);
      this.#options.lane.ackDelivery(delivery);
    }
  }
}
