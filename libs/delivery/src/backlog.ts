import { type Clock } from '@pdaltagent/clock';
import { type KeyTable } from './key-registry';
import { Entry, type Held, OrderLine } from './key-queue';
import { type Standing, standingOf } from './message-status';
import { TrialMemory } from './attempt-history-cache';

/** Every message that is held, in the line of its order key; and what was tried for those that were. */
export class HeldMessages<M extends Held> {
  readonly #keys: KeyTable<M>;
  readonly #entries = new Map<M, Entry<M>>();
  readonly #trials = new TrialMemory();

  constructor(keys: KeyTable<M>) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Receipt of the oldest; milliseconds since 1970. */
  get oldestReceivedAt(): number | undefined {
    let oldest: number | undefined;
    for (const { receivedAt } of this.#entries.keys()) oldest = Math.min(oldest ?? receivedAt, receivedAt);
    return oldest;
  }

  get(message: M): Entry<M> | undefined {
    return this.#entries.get(message);
  }

  /** Where a message stands; undefined: it is not held. */
  tell(message: M, clock: Clock): Standing | undefined {
    const entry = this.#entries.get(message);
    return entry === undefined ? undefined : standingOf(entry, clock);
  }

  /** Whether an attempt for the message is on its way, or its end is being written. */
  isBusy(message: M): boolean {
    const line = this.#entries.get(message)?.line;
    return line?.entries[0]?.message === message && line.isBusy;
  }

  /** Puts a message behind all of its order key. */
  enter(message: M, now: number): Entry<M> {
    const key = this.#keys.of(message, now);
    const line = key.lines.get(message.orderKey) ?? new OrderLine(message.orderKey, key);
    key.lines.set(message.orderKey, line);
    const entry = new Entry(message, line, this.#trials.of(message.id));
    entry.trials.firstHeldAt ??= now;
    line.entries.push(entry);
    this.#entries.set(message, entry);
    return entry;
  }

  /** Takes a message out of its line; where it may come again, what was tried for it is remembered. */
  leave(entry: Entry<M>, may: 'be gone' | 'come again', now: number): void {
    const { message, line, trials } = entry;
    const { key } = line;
    if (may === 'come again') this.#trials.remember(message.id, trials);
    else this.#trials.forget(message.id);
    this.#entries.delete(message);
    line.entries.splice(line.entries.indexOf(entry), 1);
    if (line.entries.length > 0) return;
    key.lines.delete(line.orderKey);
    if (key.lines.size === 0) key.idleSince = now;
  }
}
