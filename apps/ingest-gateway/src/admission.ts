/** What the gateway holds in memory at one time: events that are not confirmed yet and bytes of bodies. */
export class Admission {
  readonly #maximumEvents: number;
  readonly #maximumBytes: number;
  #events = 0;
  #bytes = 0;

  /** @param maximumBytes of bodies that are being read, inflated or published */
  constructor(maximumEvents: number, maximumBytes: number) {
    this.#maximumEvents = maximumEvents;
    this.#maximumBytes = maximumBytes;
  }

  get events(): number {
    return this.#events;
  }

  /** Takes a place for an event; false where all are taken. A place that was taken is given back by `leave`. */
  enter(): boolean {
    if (this.#events >= this.#maximumEvents) return false;
    this.#events += 1;
    return true;
  }

  leave(): void {
    this.#events -= 1;
  }

  /** Takes room for bytes; false where there is none left. Room that was taken is given back by `release`. */
  hold(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maximumBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}
