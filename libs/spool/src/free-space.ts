import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Disk } from './disk';
import { spaceOf } from './space';

/** Disk space left free, so that the database can always be reopened: a quarter of a small disk, 64 MB of others. */
const LARGEST_RESERVE_BYTES = 64 * 1024 * 1024;
const REFRESH_MS = 100;

/** The free space of a folder's disk, cached briefly. */
export class FreeSpace {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #disk: Pick<Disk, 'space'>;
  #availableBytes = Infinity;
  #refreshedAt = -Infinity;
  #refreshing: Promise<void> | undefined;

  constructor(folder: string, clock: Clock = SYSTEM_CLOCK, disk: Pick<Disk, 'space'> = { space: spaceOf }) {
    this.#folder = folder;
    this.#clock = clock;
    this.#disk = disk;
  }

  /** Bytes that can be written without using the reserve, as last known. Refreshes it in the background. */
  get availableBytes(): number {
    void this.#refreshIfStale().catch(() => undefined);
    return Math.max(0, this.#availableBytes);
  }

  /** Whether this many more bytes can be written without using the reserve. @throws Error if the disk does not tell */
  async reserve(bytes: number): Promise<boolean> {
    await this.#refreshIfStale();
    this.#availableBytes -= bytes;
    return this.#availableBytes >= 0;
  }

  async #refreshIfStale(): Promise<void> {
    if (this.#refreshing === undefined && this.#clock.monotonic() - this.#refreshedAt <= REFRESH_MS) return;
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    await this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const { totalBytes, freeBytes } = await this.#disk.space(this.#folder);
    this.#availableBytes = freeBytes - Math.min(LARGEST_RESERVE_BYTES, totalBytes / 4);
    this.#refreshedAt = this.#clock.monotonic();
  }
}
