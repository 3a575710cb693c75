import { type Drain, type Keyed, type SpooledEvent } from './drain';
import { type UnpublishableReason } from './lane-ports';

export interface LaneDrainsOptions<Event extends Keyed, Source> {
  readonly own: Source;
  /** The spool in the previous release's layout: it is drained before the lane's own spool. */
  readonly legacy?: Source | undefined;
  readonly drainOf: (source: Source, from: 'spool' | 'orphan') => Drain<Event>;
  /** Called once an orphaned spool holds nothing for the lane any more. */
  readonly onDrained: (source: Source) => void;
}

/** Everything that is drained for one lane: its own spool, in both layouts, and orphaned spools. */
export class LaneDrains<Event extends Keyed, Source> {
  readonly #options: LaneDrainsOptions<Event, Source>;
  /** In the order in which they are drained: the lane's own spool first. */
  readonly #drains = new Map<Source, Drain<Event>>();
  readonly #own: readonly Drain<Event>[];
  readonly #orphans = new Map<Source, Drain<Event>>();

  constructor(options: LaneDrainsOptions<Event, Source>) {
    this.#options = options;
    for (const source of [options.legacy, options.own]) {
      if (source !== undefined) this.#drains.set(source, options.drainOf(source, 'spool'));
    }
    this.#own = [...this.#drains.values()];
  }

  /** Events sent and not settled. */
  get inFlight(): number {
    return sentBy(this.#drains.values());
  }

  /** The same, of orphaned spools. */
  get orphansInFlight(): number {
    return this.#orphans.size === 0 ? 0 : sentBy(this.#orphans.values());
  }

  get oldestSentAt(): number | undefined {
    let oldest: number | undefined;
    for (const { oldestSentAt: sentAt } of this.#drains.values()) {
      if (sentAt !== undefined && sentAt < (oldest ?? Infinity)) oldest = sentAt;
    }
    return oldest;
  }

  /** Whether nothing is left to drain. */
  get isAtRest(): boolean {
    return this.#orphans.size === 0 && this.#own.every(({ isDone }) => isDone);
  }

  addOrphan(source: Source): void {
    const drain = this.#options.drainOf(source, 'orphan');
    this.#drains.set(source, drain);
    this.#orphans.set(source, drain);
  }

  /** Drains the lane's own spool, with at most `window` in flight. True once it is empty. */
  pumpOwn(window: number): boolean {
    const drain = this.#own.find(({ isDone }) => !isDone);
    drain?.pump(window);
    return drain === undefined;
  }

  /**
   * Drains orphaned spools, with at most `window` in flight, and removes empty ones. One spool after another, so that memory use
   * does not grow with their number; a spool that cannot be read does not delay the others.
   */
  pumpOrphans(window: number): void {
    for (const [source, drain] of this.#orphans) {
      if (drain.isDone) {
        // It gives back what it has read ahead and an operator erased since.
        drain.restart();
        this.#orphans.delete(source);
        this.#drains.delete(source);
        this.#options.onDrained(source);
        continue;
      }
      drain.pump(window - this.orphansInFlight + drain.inFlight);
      if (!drain.isIdle) return;
    }
  }

  /** The entries read from a spool, oldest first. */
  onEntriesRead(source: Source, entries: readonly SpooledEvent<Event>[]): void {
    this.#drains.get(source)?.onEntriesRead(entries);
  }

  /** An entry was added to the lane's own spool. */
  onEntryAdded(): void {
    this.#drains.get(this.#options.own)?.onEntryAdded();
  }

  rescan(): void {
    for (const drain of this.#drains.values()) drain.rescan();
  }

  resetTimeouts(): void {
    for (const drain of this.#drains.values()) drain.resetTimeouts();
  }

  /** The channel was lost. */
  restart(): void {
    for (const drain of this.#drains.values()) drain.restart();
  }

  /** The lane's own spool is empty and new events go directly to the broker: the next read starts from the beginning. */
  restartOwn(): void {
    for (const drain of this.#own) drain.restart();
  }

  /** The only event in flight can never be published. */
  quarantineInFlight(reason: UnpublishableReason): void {
    for (const drain of this.#drains.values()) drain.quarantineInFlight(reason);
  }
}

function sentBy(drains: Iterable<{ readonly inFlight: number }>): number {
  let inFlight = 0;
  for (const drain of drains) inFlight += drain.inFlight;
  return inFlight;
}
