import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { reasonOf } from './database';
import { LegacySpool, type LegacySpoolOptions } from './legacy-spool';
import { Spool, type SpoolOptions } from './spool';
import { type SpoolSource } from './spool-ports';

/** Maximum folders under one root, which is the number of instances that share a volume. */
const MAX_INSTANCES = 1_000;
/** The previous release only uses folders whose name is a number, so it ignores this one. */
const LANES_FOLDER = 'lanes';
/** How long a released folder stays closed that no other process has opened; milliseconds. */
const REOPEN_MS = 3_600_000;

export type ClaimOptions = SpoolOptions & LegacySpoolOptions;

/**
 * Claims the first folder `lanes/0`, `lanes/1`, … under the root that no other process has, with its entries if it existed.
 * `legacy` is the folder of the same index in the previous release's layout, if it contains entries.
 * @throws Error if the root cannot be used
 */
export async function claimSpool(
  root: string,
  options: ClaimOptions,
): Promise<{ readonly spool: Spool; readonly legacy: SpoolSource | undefined }> {
  const lanes = path.join(root, LANES_FOLDER);
  await mkdir(lanes, { recursive: true, mode: 0o700 });
  for (let index = 0; index < MAX_INSTANCES; index += 1) {
    const name = String(index);
    const spool = await Spool.open(path.join(lanes, name), options);
    if (spool === undefined) continue;
    if (!(await foldersIn(root)).includes(name)) return { spool, legacy: undefined };
    const folder = path.join(root, name);
    const legacy = await orUndefined(folder, options, () => openLegacy(folder, options));
    if (legacy === undefined || legacy.entries > 0) return { spool, legacy };
    await legacy.settlePurge();
    await legacy.close().catch((error: unknown) => {
      options.log.error('a spool cannot be closed', { folder, error: reasonOf(error).message });
    });
    return { spool, legacy: undefined };
  }
  throw new Error(`all ${MAX_INSTANCES} spool folders are in use`);
}

/** A folder that was released, and that no process has opened since. */
interface Released {
  readonly modifiedAt: number;
  /** On the monotonic clock. */
  readonly at: number;
}

/** The spools under a root that no process has, in both layouts. */
export class OrphanedSpools {
  readonly #root: string;
  readonly #own: SpoolSource;
  readonly #options: ClaimOptions;
  readonly #clock: Clock;
  readonly #released = new Map<string, Released>();

  /** @param own the spool of this process */
  constructor(root: string, own: SpoolSource, options: ClaimOptions) {
    this.#root = root;
    this.#own = own;
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
  }

  /**
   * Opens those that contain entries, so that they can be drained in place. Empty folders are not removed: a process might be
   * starting to use them.
   */
  async claim(): Promise<SpoolSource[]> {
    const options = this.#options;
    const lanes = path.join(this.#root, LANES_FOLDER);
    const claimed: (SpoolSource | undefined)[] = [];
    const claim = async (folder: string, open: () => Promise<SpoolSource | undefined>): Promise<void> => {
      claimed.push(await orUndefined(folder, options, () => this.#open(folder, open)));
    };
    for (const name of await foldersIn(this.#root)) {
      const folder = path.join(this.#root, name);
      await claim(folder, () => openLegacy(folder, options));
    }
    for (const name of await foldersIn(lanes)) {
      const folder = path.join(lanes, name);
      if (folder !== this.#own.folder) await claim(folder, () => Spool.open(folder, options));
    }
    return claimed.filter((source) => source !== undefined);
  }

  /**
   * Purges a spool if that is owed, and closes it. What is left in it is for another version, or cannot be quarantined: it is not
   * claimed again for an hour, unless another process has opened it, or a purge is still owed.
   */
  async release(source: SpoolSource): Promise<void> {
    const { folder } = source;
    await source.settlePurge();
    try {
      if (!source.owesPurge)
        this.#released.set(folder, { modifiedAt: await modifiedAt(folder), at: this.#clock.monotonic() });
    } finally {
      await source.close();
    }
  }

  /** Undefined if it is empty, or another process has it. */
  async #open(folder: string, open: () => Promise<SpoolSource | undefined>): Promise<SpoolSource | undefined> {
    if (await this.#isUnchanged(folder)) return undefined;
    const source = await open();
    if (source === undefined || source.entries > 0) return source;
    await this.release(source);
    return undefined;
  }

  async #isUnchanged(folder: string): Promise<boolean> {
    const released = this.#released.get(folder);
    if (released === undefined || this.#clock.monotonic() - released.at >= REOPEN_MS) return false;
    return released.modifiedAt === (await modifiedAt(folder));
  }
}

/** LevelDB creates a file in the folder whenever it opens it. Milliseconds since 1970. */
async function modifiedAt(folder: string): Promise<number> {
  return (await stat(folder)).mtimeMs;
}

async function foldersIn(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && /^\d+$/.test(entry.name)).map(({ name }) => name);
}

async function openLegacy(folder: string, options: ClaimOptions): Promise<SpoolSource | undefined> {
  const legacy = await LegacySpool.open(folder, options);
  if (legacy !== undefined) reportUnrecognized(legacy, options);
  return legacy;
}

/** Folders that this process has logged already: orphans are scanned for every minute. */
const reported = new Set<string>();

function reportUnrecognized({ folder, unrecognized }: LegacySpool, { log }: ClaimOptions): void {
  if (unrecognized === 0 || reported.has(folder)) return;
  reported.add(folder);
  log.error('spooled events that this version cannot read are left in their folder', {
    folder,
    entries: unrecognized,
  });
}

/** Undefined if it cannot be opened, which is logged and must not affect the other folders. */
async function orUndefined<Source>(
  folder: string,
  { log }: ClaimOptions,
  open: () => Promise<Source | undefined>,
): Promise<Source | undefined> {
  try {
    return await open();
  } catch (error) {
    log.error('a spool folder cannot be opened', { folder, error: reasonOf(error).message });
    return undefined;
  }
}
