/** Senders of events: tracks which events were answered. */
export class FakeSenders {
  /** Sequences of events that were answered as durable. */
  readonly responded = new Set<number>();
  /** Order keys of unanswered events, by sequence. */
  readonly #waiting = new Map<number, string>();

  get waiting(): readonly number[] {
    return [...this.#waiting.keys()];
  }

  isWaiting(orderKey: string): boolean {
    return [...this.#waiting.values()].includes(orderKey);
  }

  sent(orderKey: string, sequence: number): void {
    this.#waiting.set(sequence, orderKey);
  }

  respond(sequence: number, isDurable: boolean): void {
    if (!this.#waiting.delete(sequence)) throw new Error(`${sequence} was answered twice`);
    if (isDurable) this.responded.add(sequence);
  }

  /** The event is in a spool from the beginning. */
  spooledBefore(sequence: number): void {
    this.responded.add(sequence);
  }

  /** The process was killed: pending events are never answered. */
  forget(): void {
    this.#waiting.clear();
  }
}
