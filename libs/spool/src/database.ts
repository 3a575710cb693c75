import { ClassicLevel } from 'classic-level';
import { mkdir } from 'node:fs/promises';

type LevelDB = ClassicLevel<Buffer, Buffer>;

/** Small, because a full disk must still have space for it when the database is reopened. */
const WRITE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Open files are mapped into memory: small and few (LevelDB's minimum), so that a large spool takes no more memory. */
const FILE_BYTES = 1024 * 1024;
const OPEN_FILES = 74;

/** Opens the database of a folder; undefined if another process has it. @throws Error if it cannot be opened */
export async function openDatabase(folder: string): Promise<LevelDB | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const database: LevelDB = new ClassicLevel(folder, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    writeBufferSize: WRITE_BUFFER_BYTES,
    cacheSize: WRITE_BUFFER_BYTES,
    maxFileSize: FILE_BYTES,
    maxOpenFiles: OPEN_FILES,
  });
  try {
    await database.open();
    return database;
  } catch (error) {
    const { code, message } = reasonOf(error);
    if (code === 'LEVEL_LOCKED') return undefined;
    throw new Error(message, { cause: error });
  }
}

/** Keeps what can be read; LevelDB moves unreadable files to the folder's `lost`. */
export function repairDatabase(folder: string): Promise<void> {
  return ClassicLevel.repair(folder);
}

const FIRST_KEY = Buffer.alloc(0);
const LAST_KEY = Buffer.alloc(16, 0xff);
/** Before and after the keys of all entries. */
export const OUTER_KEYS = [Buffer.from([0]), LAST_KEY];

/** Frees the disk space of erased entries. Reads and writes continue meanwhile. */
export function compactDatabase(database: Pick<LevelDB, 'compactRange'>): Promise<void> {
  return database.compactRange(FIRST_KEY, LAST_KEY);
}

/** Removes everything in the folder: needs no disk space. */
export function destroyDatabase(folder: string): Promise<void> {
  return ClassicLevel.destroy(folder);
}

/** LevelDB's own error, for example "IO error: …: No space left on device"; it contains no data. */
export function reasonOf(error: unknown): { readonly code: string; readonly message: string } {
  // Created by native code: it may not be an instance of this realm's Error.
  const { cause, code, message } = fieldsOf(error);
  if (cause !== undefined) return reasonOf(cause);
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? message : String(error),
  };
}

function fieldsOf(error: unknown): { readonly cause?: unknown; readonly code?: unknown; readonly message?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}
