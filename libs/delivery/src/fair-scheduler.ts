import { type Clock } from '@pdaltagent/clock';
import { type Deliverable, type KeyQueue, type OrderQueue } from './key-queue';
import { INTERRUPT_EVERY_MS } from './hang-threshold';

/**
 * A key may start while it has fewer attempts in flight than this factor times the free slots: some are always left
 * for others.
 */
const HEADROOM_FACTOR = 16;
/** Serves routing keys in turn, each as far as its rate limit, its share and its destination allow. */
export class FairScheduler<M extends Deliverable> {
  readonly #concurrency: number;
  readonly #clock: Clock;
  readonly #start: (queue: OrderQueue<M>) => void;
  /** A single key can use the whole concurrency; the slots beyond it are for keys with few requests in flight. */
  readonly #slots: number;
  /** Keys with ready queues, in turn. */
  readonly #keys = new Set<KeyQueue<M>>();
  #inFlight = 0;

  constructor({
    concurrency,
    clock,
    start,
  }: {
    readonly concurrency: number;
    readonly clock: Clock;
    readonly start: (queue: OrderQueue<M>) => void;
  }) {
    this.#concurrency = concurrency;
    this.#clock = clock;
    this.#start = start;
    this.#slots = concurrency + Math.ceil(concurrency / HEADROOM_FACTOR);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether only the slots beyond the concurrency are left. */
  get isFull(): boolean {
    return this.#inFlight >= this.#concurrency;
  }

  /** Keys that wait for nothing but a slot. */
  *waiting(): Iterable<KeyQueue<M>> {
    for (const key of this.#keys) if (this.waitsForSlot(key)) yield key;
  }

  waitsForSlot(key: KeyQueue<M>): boolean {
    const { ready, mayStart, destination, routingKey, inFlight, rateLimit } = key;
    if (ready.size === 0 || !mayStart || !destination.circuit.admits(routingKey)) return false;
    const now = this.#clock.monotonic();
    return inFlight < Math.min(this.#maxInFlightOf(key, now), rateLimit.available(now));
  }

  makeReady(queue: OrderQueue<M>): void {
    queue.stopWaiting();
    queue.state = 'ready';
    queue.key.ready.add(queue);
    this.#keys.add(queue.key);
  }

  /** An attempt for the queue's head starts. */
  occupySlot(queue: OrderQueue<M>): void {
    queue.state = 'attempting';
    queue.key.inFlight += 1;
    this.#inFlight += 1;
  }

  /** The attempt ended, with whatever outcome. */
  freeSlot(queue: OrderQueue<M>): void {
    queue.key.inFlight -= 1;
    this.#inFlight -= 1;
    // The key may have waited for this attempt to end.
    if (queue.key.ready.size > 0) this.#keys.add(queue.key);
  }

  /** Starts nothing of the key for this long. A key that waits already waits longer only if that is requested. */
  delayKey(key: KeyQueue<M>, ms: number, isRequested = false): void {
    const until = this.#clock.monotonic() + ms;
    if (key.stopWaiting !== undefined && !(isRequested && until > key.waitsUntil)) return;
    key.stopWaiting?.();
    key.waitsUntil = until;
    key.stopWaiting = this.#clock.after(ms, () => {
      key.stopWaiting = undefined;
      this.wake(key);
    });
  }

  wake(key: KeyQueue<M>): void {
    if (key.ready.size > 0) this.#keys.add(key);
    this.pump();
  }

  /** Starts as many attempts as there are slots, one routing key after the other. */
  pump(): void {
    for (const key of this.#keys) {
      if (this.#inFlight >= this.#slots) return;
      const [queue] = key.ready;
      if (queue === undefined || !key.mayStart) {
        this.#keys.delete(key);
        continue;
      }
      if (!key.destination.circuit.admits(key.routingKey) || !this.#hasCapacity(key)) continue;
      // Moves to the end of the set, which this loop reaches again while there is something to start.
      this.#keys.delete(key);
      this.#keys.add(key);
      this.#start(queue);
    }
  }

  #hasCapacity(key: KeyQueue<M>): boolean {
    const now = this.#clock.monotonic();
    const free = this.#slots - this.#inFlight;
    if (key.inFlight >= Math.min(this.#maxInFlightOf(key, now), HEADROOM_FACTOR * free)) return false;
    if (key.inFlight < key.rateLimit.available(now)) return true;
    // If something is in flight, its end triggers the next check.
    if (key.inFlight === 0) this.delayKey(key, key.rateLimit.untilAvailable(now));
    return false;
  }

  /**
   * The most attempts that a key may have in flight. A slow key must not take all slots again while it cannot be
   * interrupted.
   */
  #maxInFlightOf({ interruptedAt }: KeyQueue<M>, now: number): number {
    const isModest = now - interruptedAt < INTERRUPT_EVERY_MS;
    return isModest ? this.#concurrency / HEADROOM_FACTOR : this.#concurrency;
  }
}
