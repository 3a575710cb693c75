import { ClassicLevel } from 'classic-level';
import { mkdir } from 'node:fs/promises';

export type Database = ClassicLevel<Buffer, Buffer>;

/** Small, so that what a full disk must still take when the database is opened again is small. */
const WRITE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Files that are open are mapped into memory: small and few (LevelDB's least), so that a long spool takes no more of it. */
const FILE_BYTES = 1024 * 1024;
const OPEN_FILES = 74;

/** Opens the database of a folder; undefined if another process has it. @throws Error if it cannot be opened */
export async function openDatabase(folder: string): Promise<Database | undefined> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const database: Database = new ClassicLevel(folder, {
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

/** Keeps what can be read; LevelDB moves files that it cannot read to the folder's `lost`. */
export function repairDatabase(folder: string): Promise<void> {
  return ClassicLevel.repair(folder);
}

const FIRST_KEY = Buffer.alloc(0);
const LAST_KEY = Buffer.alloc(16, 0xff);

/** Gives the disk back what was erased. Reading and writing go on meanwhile. */
export function compactDatabase(database: Database): Promise<void> {
  return database.compactRange(FIRST_KEY, LAST_KEY);
}

/** Removes everything in the folder: needs no room. */
export function destroyDatabase(folder: string): Promise<void> {
  return ClassicLevel.destroy(folder);
}

/** The store's own error, as "IO error: …: No space left on device", which holds no content. */
export function reasonOf(error: unknown): { readonly code: string; readonly message: string } {
  // Made by native code: it may be no instance of this realm's Error.
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
