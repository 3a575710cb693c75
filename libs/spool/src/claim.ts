import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { reasonOf } from './database';
import { LegacySpool, type LegacySpoolOptions } from './legacy-spool';
import { Spool, type SpoolOptions } from './spool';
import { type SpoolSource } from './spool-ports';

/** Maximum folders under one root, which is the number of instances that share a volume. */
const MAX_INSTANCES = 1_000;
/** The last release only uses folders whose name is a number, so it ignores this one. */
const LANES_FOLDER = 'lanes';

export type ClaimOptions = SpoolOptions & LegacySpoolOptions;

/**
 * Claims the first folder `lanes/0`, `lanes/1`, … under the root that no other process has, with its entries if it existed.
 * `legacy` is the folder of the same index in the last release's layout, if it contains entries.
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
    const hasLegacy = (await foldersIn(root)).includes(name);
    return { spool, legacy: hasLegacy ? await openLegacy(path.join(root, name), options) : undefined };
  }
  throw new Error(`all ${MAX_INSTANCES} spool folders are in use`);
}

/**
 * Opens every folder under the root, in both layouts, that no process has and that contains entries, so that they can be
 * drained in place. The caller closes them. Empty folders are not removed: a process might be starting to use them.
 */
export async function claimOrphans(root: string, own: SpoolSource, options: ClaimOptions): Promise<SpoolSource[]> {
  const lanes = path.join(root, LANES_FOLDER);
  const claimed: (SpoolSource | undefined)[] = [];
  for (const name of await foldersIn(root)) claimed.push(await openLegacy(path.join(root, name), options));
  for (const name of await foldersIn(lanes)) {
    const folder = path.join(lanes, name);
    if (folder !== own.folder) claimed.push(await openIfNotEmpty(folder, options, () => Spool.open(folder, options)));
  }
  return claimed.filter((source) => source !== undefined);
}

async function foldersIn(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && /^\d+$/.test(entry.name)).map(({ name }) => name);
}

function openLegacy(folder: string, options: ClaimOptions): Promise<SpoolSource | undefined> {
  return openIfNotEmpty(folder, options, async () => {
    const legacy = await LegacySpool.open(folder, options);
    if (legacy !== undefined) reportUnrecognized(legacy, options);
    return legacy;
  });
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

/** Undefined if it is empty, another process has it, or it cannot be opened, which must not affect the other folders. */
async function openIfNotEmpty(
  folder: string,
  { log }: ClaimOptions,
  open: () => Promise<SpoolSource | undefined>,
): Promise<SpoolSource | undefined> {
  try {
    const source = await open();
    if (source === undefined || source.entries > 0) return source;
    await source.close();
  } catch (error) {
    log.error('a spool folder cannot be opened', { folder, error: reasonOf(error).message });
  }
  return undefined;
}
