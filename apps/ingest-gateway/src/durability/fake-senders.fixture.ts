/** Who sends events, and which of them were answered. */
export class FakeSenders {
  /** What was answered as durable. */
  readonly answered = new Set<number>();
  /** By sequence the order key of what is not answered. */
  readonly #waiting = new Map<number, string>();

  get unanswered(): readonly number[] {
    return [...this.#waiting.keys()];
  }

  isWaiting(orderKey: string): boolean {
    return [...this.#waiting.values()].includes(orderKey);
  }

  sent(orderKey: string, sequence: number): void {
    this.#waiting.set(sequence, orderKey);
  }

  answer(sequence: number, isDurable: boolean): void {
    if (!this.#waiting.delete(sequence)) throw new Error(`${sequence} was answered twice`);
    if (isDurable) this.answered.add(sequence);
  }

  /** It is in a spool from the beginning. */
  answeredBefore(sequence: number): void {
    this.answered.add(sequence);
  }

  /** The process died: nobody is answered any more. */
  forget(): void {
    this.#waiting.clear();
  }
}
