import { Destination } from './destination';
import { type Deliverable, KeyQueue } from './key-queue';

/** How long a key's rate limit is remembered while none of its messages is held. */
const FORGET_KEY_AFTER_MS = 3 * 60_000;
const FEW_KEYS = 256;

/** Every routing key with messages held now or recently, and its destination. */
export class KeyRegistry<M extends Deliverable> {
  readonly #destinationOf: (message: M) => string;
  readonly #keys = new Map<string, KeyQueue<M>>();
  readonly #destinations = new Map<string, Destination<M>>();
  #sweepAt = FEW_KEYS;

  constructor(destinationOf: (message: M) => string) {
    this.#destinationOf = destinationOf;
  }

  get(routingKey: string): KeyQueue<M> | undefined {
    return this.#keys.get(routingKey);
  }

  getOrCreate(message: M, now: number): KeyQueue<M> {
    const known = this.#keys.get(message.routingKey);
    if (known !== undefined) return known;
    if (this.#keys.size >= this.#sweepAt) this.#sweep(now);
    const name = this.#destinationOf(message);
    const destination = this.#destinations.get(name) ?? new Destination<M>(name);
    this.#destinations.set(name, destination);
    const key = new KeyQueue<M>(message.routingKey, destination);
    this.#keys.set(message.routingKey, key);
    destination.keys.add(key);
    return key;
  }

  get all(): Iterable<KeyQueue<M>> {
    return this.#keys.values();
  }

  /** Number of keys with held messages whose own connectivity is broken. */
  get withConnectivityFault(): number {
    let count = 0;
    for (const { connectivity, queues } of this.#keys.values())
      if (connectivity.fault !== undefined && queues.size > 0) count += 1;
    return count;
  }

  /** Routing keys that their destination throttled recently. */
  get throttled(): number {
    let count = 0;
    for (const { throttledAt } of this.#keys.values()) if (throttledAt !== undefined) count += 1;
    return count;
  }

  /** Destinations whose circuit is open. */
  get openCircuits(): number {
    let count = 0;
    for (const { circuit } of this.#destinations.values()) if (circuit.isOpen) count += 1;
    return count;
  }

  /** Forgets keys that have been idle for long; runs whenever their number has doubled. */
  #sweep(now: number): void {
    for (const key of this.#keys.values()) {
      if (key.queues.size > 0 || key.stopWaiting !== undefined || now - key.idleSince < FORGET_KEY_AFTER_MS) continue;
      this.#keys.delete(key.routingKey);
      key.destination.keys.delete(key);
    }
    this.#sweepAt = Math.max(FEW_KEYS, this.#keys.size * 2);
  }
}
