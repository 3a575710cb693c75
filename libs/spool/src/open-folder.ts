import { reasonOf } from './database';
import { type Database, type Disk } from './disk';
import { type Log } from './log';

export interface OpenedFolder<C> {
  readonly database: Database;
  readonly contents: C;
}

/**
 * Opens a folder's database and loads its contents; undefined if another process has it. If something cannot be read, the
 * database is repaired: LevelDB itself may open a damaged database without an error.
 * @throws Error if it cannot be opened
 */
export async function openFolder<C>(
  folder: string,
  disk: Disk,
  log: Log,
  load: (database: Database) => Promise<C>,
): Promise<OpenedFolder<C> | undefined> {
  try {
    return await openOnce(folder, disk, load);
  } catch (error) {
    const { code, message } = reasonOf(error);
    if (code !== 'LEVEL_CORRUPTION') throw error;
    log.error('the spool is damaged: repairing it, moving unreadable files to "lost"', {
      folder,
      error: message,
    });
    await disk.repair(folder);
    return openOnce(folder, disk, load);
  }
}

async function openOnce<C>(
  folder: string,
  disk: Disk,
  load: (database: Database) => Promise<C>,
): Promise<OpenedFolder<C> | undefined> {
  const database = await disk.open(folder);
  if (database === undefined) return undefined;
  try {
    return { database, contents: await load(database) };
  } catch (error) {
    await database.close();
    throw error;
  }
}
