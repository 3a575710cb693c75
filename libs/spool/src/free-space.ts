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

  constructor(folder: string, clock: Clock = SYSTEM_CLOCK) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** What was left without touching the reserve when it was asked last; bytes. */
  get room(): number {
    return this.#room;
  }

  /** Whether so many bytes more can be written without touching the reserve. */
  async has(bytes: number): Promise<boolean> {
    const now = this.#clock.monotonic();
    if (now - this.#askedAt > ASK_AGAIN_MS) {
      const { bavail, blocks, bsize } = await statfs(this.#folder);
      this.#room = bavail * bsize - Math.min(LARGEST_RESERVE_BYTES, (blocks * bsize) / 4);
      this.#askedAt = now;
    }
    this.#room -= bytes;
    return this.#room >= 0;
  }
}
