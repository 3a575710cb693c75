import { statfs } from 'node:fs/promises';

/** Left free on the disk, so that the database can always be opened again: a quarter of a small disk, 64 MB of others. */
const LARGEST_RESERVE_BYTES = 64 * 1024 * 1024;
const ASK_AGAIN_MS = 100;

/** Knows whether a folder's disk has room, and asks it rarely. */
export class FreeSpace {
  readonly #folder: string;
  #room = 0;
  #askedAt = -Infinity;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Whether so many bytes more can be written without touching the reserve. */
  async has(bytes: number): Promise<boolean> {
    const now = performance.now();
    if (now - this.#askedAt > ASK_AGAIN_MS) {
      const { bavail, blocks, bsize } = await statfs(this.#folder);
      this.#room = bavail * bsize - Math.min(LARGEST_RESERVE_BYTES, (blocks * bsize) / 4);
      this.#askedAt = now;
    }
    this.#room -= bytes;
    return this.#room >= 0;
  }
}
