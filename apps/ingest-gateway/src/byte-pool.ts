/** Maximum share of a pool for one client; high, because all senders may come through one proxy. */
const CLIENT_SHARE = 3 / 4;

/** Counts bytes up to a maximum, in total and by client. */
export class BytePool {
  readonly #maximum: number;
  readonly #byClient = new Map<string, number>();
  #total = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** What is exhausted if a client takes more: its share, or the pool. Undefined if neither. */
  shortageFor(client: string, bytes: number): 'share' | 'pool' | undefined {
    if ((this.#byClient.get(client) ?? 0) + bytes > this.#maximum * CLIENT_SHARE) return 'share';
    return this.#total + bytes > this.#maximum ? 'pool' : undefined;
  }

  add(client: string, bytes: number): void {
    this.#total += bytes;
    const held = (this.#byClient.get(client) ?? 0) + bytes;
    if (held === 0) this.#byClient.delete(client);
    else this.#byClient.set(client, held);
  }
}
