/** The largest share of the slots for one sender; high, because all senders may come through one proxy. */
export const SENDER_SHARE = 3 / 4;

/** Limits how many events wait concurrently to become durable, in total and for each sender. */
export class Admission {
  readonly #maximumEvents: number;
  readonly #maximumPerSender: number;
  readonly #bySender = new Map<string, number>();
  #events = 0;

  constructor(maximumEvents: number) {
    this.#maximumEvents = maximumEvents;
    this.#maximumPerSender = Math.ceil(maximumEvents * SENDER_SHARE);
  }

  get events(): number {
    return this.#events;
  }

  /** Takes a slot for an event; false if there is none. A slot that was taken must be returned with `release`. */
  acquire(sender: string): boolean {
    const held = this.#bySender.get(sender) ?? 0;
    if (this.#events >= this.#maximumEvents || held >= this.#maximumPerSender) return false;
    this.#events += 1;
    this.#bySender.set(sender, held + 1);
    return true;
  }

  release(sender: string): void {
    this.#events -= 1;
    const held = (this.#bySender.get(sender) ?? 0) - 1;
    if (held <= 0) this.#bySender.delete(sender);
    else this.#bySender.set(sender, held);
  }
}
