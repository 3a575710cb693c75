/** Limits how many events wait concurrently to become durable. */
export class Admission {
  readonly #maximumEvents: number;
  #events = 0;

  constructor(maximumEvents: number) {
    this.#maximumEvents = maximumEvents;
  }

  get events(): number {
    return this.#events;
  }

  /** Takes a slot for an event; false if there is none. A slot that was taken must be returned with `release`. */
  acquire(): boolean {
    if (this.#events >= this.#maximumEvents) return false;
    this.#events += 1;
    return true;
  }

  release(): void {
    this.#events -= 1;
  }
}
