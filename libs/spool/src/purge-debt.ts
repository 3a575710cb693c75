import { reasonOf } from './database';
import { type Log } from './log';

/** In the database while a purge is owed; it sorts before the keys of all entries, of both layouts. */
export const PURGE_OWED_KEY = Buffer.from([0, 0]);

export interface PurgeDebtPorts {
  /** As the database says. */
  readonly isOwed: () => boolean;
  /** Resolves once the key is synced to disk. @throws SpoolError */
  readonly write: () => Promise<void>;
  /** Resolves once the key is erased. @throws SpoolError */
  readonly erase: () => Promise<void>;
  /** Removes what was erased so far from the files. @throws SpoolError */
  readonly purge: () => Promise<void>;
}

/**
 * Whether the files have entries that were erased and must not stay there. It is known before they are erased, and also to the next
 * process, so that a purge that failed, or that a crash prevented, is made up for.
 */
export class PurgeDebt {
  readonly #spool: { readonly folder: string; readonly log: Log };
  readonly #ports: PurgeDebtPorts;
  /** How often it was owed so far. */
  #count = 0;
  #writing: Promise<void> | undefined;
  #purging: Promise<void> | undefined;
  #erasing: Promise<void> | undefined;

  constructor(spool: { readonly folder: string; readonly log: Log }, ports: PurgeDebtPorts) {
    this.#spool = spool;
    this.#ports = ports;
  }

  get isOwed(): boolean {
    return this.#ports.isOwed();
  }

  /** Resolves once a purge is owed. @throws SpoolError */
  async owe(): Promise<void> {
    this.#count += 1;
    // What is written after the erasure counts.
    await this.#erasing;
    if (this.isOwed) return;
    this.#writing ??= this.#ports.write().finally(() => (this.#writing = undefined));
    await this.#writing;
  }

  /** Purges, if that is owed. @throws SpoolError: it is still owed */
  async settle(): Promise<void> {
    while (this.#purging !== undefined) await this.#purging.catch(() => undefined);
    if (!this.isOwed) return;
    this.#purging = this.#purge().finally(() => (this.#purging = undefined));
    await this.#purging;
  }

  /** As `settle`, but a failure is only logged. */
  async settleOrLog(): Promise<void> {
    const { folder, log } = this.#spool;
    try {
      await this.settle();
    } catch (error) {
      log.error('erased events may still be in the files of the spool: erase again', {
        folder,
        error: reasonOf(error).message,
      });
    }
  }

  async #purge(): Promise<void> {
    const owed = this.#count;
    await this.#ports.purge();
    if (this.#count !== owed) return;
    // If it fails, the purge was done nevertheless; the next one is one too many.
    this.#erasing = this.#ports
      .erase()
      .catch(() => undefined)
      .finally(() => (this.#erasing = undefined));
    await this.#erasing;
  }
}
