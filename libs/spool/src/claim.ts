import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Spool } from './spool';
import { type SpoolOptions } from './spool-ports';

/** Folders under one root: as many instances as there are on one volume. */
const MOST_INSTANCES = 1_000;

type Options = Omit<SpoolOptions, 'folder'>;

/**
 * Takes the first folder under the root (`0`, `1`, …) that no other instance has: one that stood before is drained by
 * whoever takes it.
 * @throws Error where the root cannot be used
 */
export async function claimSpool(root: string, options: Options): Promise<Spool> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  for (let index = 0; index < MOST_INSTANCES; index += 1) {
    const spool = await Spool.open({ ...options, folder: path.join(root, String(index)) });
    if (spool !== undefined) return spool;
  }
  throw new Error(`all ${MOST_INSTANCES} spool folders are taken`);
}

/**
 * Goes over what instances that are gone have left under the root: each non-empty folder that nobody has is opened, given
 * to `takeOver`, and closed. An empty folder stays: removing it could take it from under an instance that starts.
 */
export async function leftBehind(
  root: string,
  own: Spool,
  options: Options,
  takeOver: (spool: Spool) => Promise<void>,
): Promise<void> {
  for (const name of await readdir(root)) {
    const folder = path.join(root, name);
    if (!/^\d+$/.test(name) || folder === own.folder) continue;
    const spool = await Spool.open({ ...options, folder });
    try {
      if (spool !== undefined && spool.entries > 0) await takeOver(spool);
    } finally {
      await spool?.close();
    }
  }
}
