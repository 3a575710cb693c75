/** A spool in memory, for one lane. */
export class FakeSpool<Event extends { readonly sequence: number }> {
  readonly #events = new Map<number, Event>();
  readonly #erased = new Set<number>();

  get size(): number {
    return this.#events.size - this.#erased.size;
  }

  put(event: Event): void {
    this.#events.set(event.sequence, event);
  }

  erase(sequence: number): void {
    if (!this.#events.has(sequence) || this.#erased.has(sequence)) throw new Error(`${sequence} is not in the spool`);
    this.#erased.add(sequence);
  }

  /** The next events after a sequence, oldest first. */
  read(after: number, count: number): Event[] {
    return [...this.#events.values()]
      .filter(({ sequence }) => sequence > after && !this.#erased.has(sequence))
      .sort((one, other) => one.sequence - other.sequence)
      .slice(0, count);
  }

  /** The process is killed: all but the first `count` erasures are lost. */
  crash(count: number): void {
    for (const sequence of [...this.#erased].slice(count)) this.#events.delete(sequence);
    this.#erased.clear();
  }
}
