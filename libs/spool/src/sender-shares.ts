/** What each sender has added to the spool since it was last empty. In memory: a restart sets the counts to zero. */
export class SenderShares {
  readonly #bytes = new Map<string, number>();
  #total = 0;

  add(sender: string, bytes: number): void {
    this.#bytes.set(sender, (this.#bytes.get(sender) ?? 0) + bytes);
    this.#total += bytes;
  }

  clear(): void {
    this.#bytes.clear();
    this.#total = 0;
  }

  /** Whether others use the spool too, and the sender has added more than this share of it. */
  exceeds(share: number, sender: string): boolean {
    return this.#bytes.size > 1 && (this.#bytes.get(sender) ?? 0) > this.#total * share;
  }
}
