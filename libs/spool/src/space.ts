import { statfs } from 'node:fs/promises';
import { type Space } from './disk';

/** The space of a folder's disk. Apart from LevelDB, which commands that only read the quarantine must not load. */
export async function spaceOf(folder: string): Promise<Space> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
}
