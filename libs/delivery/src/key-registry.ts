import { Destination } from './destination';
import { SLOW_MS } from './hang-threshold';
import { type Held, KeyLine, type OrderLine } from './key-queue';

/** How long a key's pace is remembered while nothing of it is held. */
const FORGET_KEY_AFTER_MS = 3 * 60_000;
const FEW_KEYS = 256;

/** Every routing key of which something is held, or was not long ago, and what stands behind it. */
export class KeyTable<M extends Held> {
  readonly #destinationOf: (message: M) => string;
  readonly #keys = new Map<string, KeyLine<M>>();
  readonly #destinations = new Map<string, Destination<M>>();
  #sweepAt = FEW_KEYS;

  constructor(destinationOf: (message: M) => string) {
    this.#destinationOf = destinationOf;
  }

  get(routingKey: string): KeyLine<M> | undefined {
    return this.#keys.get(routingKey);
  }

  of(message: M, now: number): KeyLine<M> {
    const known = this.#keys.get(message.routingKey);
    if (known !== undefined) return known;
    if (this.#keys.size >= this.#sweepAt) this.#sweep(now);
    const name = this.#destinationOf(message);
    const destination = this.#destinations.get(name) ?? new Destination<M>(name);
    this.#destinations.set(name, destination);
    const key = new KeyLine<M>(message.routingKey, destination);
    this.#keys.set(message.routingKey, key);
    destination.keys.add(key);
    return key;
  }

  get all(): Iterable<KeyLine<M>> {
    return this.#keys.values();
  }

  /** Keys, of which something is held, whose own way is broken. */
  get broken(): number {
    let count = 0;
    for (const { way, lines } of this.#keys.values()) if (way.fault !== undefined && lines.size > 0) count += 1;
    return count;
  }

  /** Routing keys that their destination throttled not long ago. */
  get throttled(): number {
    let count = 0;
    for (const { throttledAt } of this.#keys.values()) if (throttledAt !== undefined) count += 1;
    return count;
  }

  /** Destinations whose circuit is open. */
  get away(): number {
    let count = 0;
    for (const { circuit } of this.#destinations.values()) if (circuit.open) count += 1;
    return count;
  }

  /** Whether the key is held up by something of its own: it waits, is paced or paused, or its attempts hang or fail. */
  isHeldUp(routingKey: string, now: number): boolean {
    const key = this.#keys.get(routingKey);
    if (key === undefined) return false;
    const { destination } = key;
    const { circuit } = destination;
    if (circuit.open) return !destination.isAwayForAll(routingKey);
    if (key.paused || key.stopWaiting !== undefined || key.setbacks > 0) return true;
    // Behind an outage every key is on trial for as long as one attempt takes.
    if (key.isOnTrial && now - circuit.closedAt > SLOW_MS) return true;
    let stuck = 0;
    for (const line of key.lines.values()) if (line.state === 'waiting' || isSlow(line, now)) stuck += 1;
    return stuck > 0 && stuck * 2 >= key.lines.size;
  }

  /** Forgets keys that have been idle for long; done whenever their number has doubled. */
  #sweep(now: number): void {
    for (const key of this.#keys.values()) {
      if (key.lines.size > 0 || key.stopWaiting !== undefined || now - key.idleSince < FORGET_KEY_AFTER_MS) continue;
      this.#keys.delete(key.routingKey);
      key.destination.keys.delete(key);
    }
    this.#sweepAt = Math.max(FEW_KEYS, this.#keys.size * 2);
  }
}

function isSlow<M extends Held>({ state, entries }: OrderLine<M>, now: number): boolean {
  return state === 'attempting' && now - (entries[0]?.trials.attemptBeganAt ?? now) > SLOW_MS;
}
