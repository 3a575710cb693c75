import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { statfs } from 'node:fs/promises';

/** Left free on the disk, so that the database can always be opened again: a quarter of a small disk, 64 MB of others. */
const LARGEST_RESERVE_BYTES = 64 * 1024 * 1024;
const ASK_AGAIN_MS = 100;

/** Knows whether a folder's disk has room, and asks it rarely. */
export class FreeSpace {
  readonly #folder: string;
  readonly #clock: Clock;
  #room = Infinity;
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(folder: string, clock: Clock = SYSTEM_CLOCK) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** What can be written without touching the reserve, as it was a moment ago; bytes. Asks for the next time. */
  get room(): number {
    void this.#ask().catch(() => undefined);
    return Math.max(0, this.#room);
  }

  /** Whether this much more can be written without touching the reserve. @throws Error if the disk cannot be asked */
  async has(bytes: number): Promise<boolean> {
    await this.#ask();
    this.#room -= bytes;
    return this.#room >= 0;
  }

  async #ask(): Promise<void> {
    if (this.#asking === undefined && this.#clock.monotonic() - this.#askedAt <= ASK_AGAIN_MS) return;
    this.#asking ??= this.#askNow().finally(() => (this.#asking = undefined));
    await this.#asking;
  }

  async #askNow(): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(this.#folder);
    this.#room = bavail * bsize - Math.min(LARGEST_RESERVE_BYTES, (blocks * bsize) / 4);
    this.#askedAt = this.#clock.monotonic();
  }
}
