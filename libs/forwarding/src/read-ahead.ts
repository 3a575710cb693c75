/** Limits of what the drains of all lanes read ahead; each of them may exceed these by one page. */
const EVENTS = 2_048;
const BYTES = 4 * 1024 * 1024;

/** The spooled events that the drains of all lanes hold in memory: so that memory use does not grow with the number of lanes. */
export class ReadAhead {
  #events = 0;
  #bytes = 0;

  /** Whether only drains that have nothing left to send may read. */
  get isFull(): boolean {
    return this.#events >= EVENTS || this.#bytes >= BYTES;
  }

  add(events: number, bytes: number): void {
    this.#events += events;
    this.#bytes += bytes;
  }

  remove(events: number, bytes: number): void {
    this.add(-events, -bytes);
  }
}
