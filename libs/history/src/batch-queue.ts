import { type FactBatch } from '@pdaltagent/journal';

/** Facts of one transaction: a search waits for no more than that. */
const FACTS_AT_ONCE = 4_000;
/** Facts that may wait while others are written. */
const FACTS_WAITING = 8_000;

type Write = (batches: readonly FactBatch[]) => Promise<void>;

/** Batches on their way into the index: while some are written, the next ones collect. */
export class BatchQueue {
  readonly #write: Write;
  readonly #waiting: FactBatch[] = [];
  #facts = 0;
  /** Never rejects. */
  #writing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(write: Write) {
    this.#write = write;
  }

  /**
   * Resolves as soon as another one may be added.
   * @throws what a write has thrown; then the queue writes nothing more
   */
  async add(batch: FactBatch): Promise<void> {
    this.#waiting.push(batch);
    this.#facts += batch.facts.length;
    this.#writeNext();
    while (this.#facts > FACTS_WAITING && this.#writing !== undefined) await this.#writing;
    this.#throwFailure();
  }

  /**
   * Resolves once everything is written.
   * @throws as `add`
   */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    this.#throwFailure();
  }

  #writeNext(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0 || this.#failure !== undefined) return;
    this.#writing = this.#write(this.#take())
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .then(() => {
        this.#writing = undefined;
        this.#writeNext();
      });
  }

  #take(): readonly FactBatch[] {
    let facts = 0;
    let count = 0;
    for (const batch of this.#waiting) {
      if (facts >= FACTS_AT_ONCE) break;
      facts += batch.facts.length;
      count += 1;
    }
    this.#facts -= facts;
    return this.#waiting.splice(0, count);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
