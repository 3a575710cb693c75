/** How many events wait to become durable at one time. */
export class Admission {
  readonly #maximumEvents: number;
  #events = 0;

  constructor(maximumEvents: number) {
    this.#maximumEvents = maximumEvents;
  }

  get events(): number {
    return this.#events;
  }

  /** Takes a place for an event; false where all are taken. A place that was taken is given back by `leave`. */
  acquire(): boolean {
    if (this.#events >= this.#maximumEvents) return false;
    this.#events += 1;
    return true;
  }

  release(): void {
    this.#events -= 1;
  }
}
