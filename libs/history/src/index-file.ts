import { mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { HistoryDatabase } from './database';
import { migrate } from './schema';

const FILE = 'journal.db';
const LOCK = 'writer.lock';

/** How the file is kept: a crash may lose the last transactions, which are then read from the stream again, and damages nothing. */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 5000;
  PRAGMA cache_size = -32768;
  PRAGMA secure_delete = ON;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
`;

export interface OpenedIndex {
  readonly database: HistoryDatabase;
  readonly wasDamaged: boolean;
}

/**
 * Opens the index, and brings its schema up to date. One that is damaged is put aside: it is made from the stream, and is made again.
 * @throws NewerSchema, and if the folder cannot be written
 */
export function openIndex(folder: string): OpenedIndex {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, FILE);
  try {
    return { database: open(file), wasDamaged: false };
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
  renameSync(file, `${file}.damaged`);
  return { database: open(file), wasDamaged: true };
}

function open(file: string): HistoryDatabase {
  const database = new HistoryDatabase(file);
  try {
    database.exec(SETTINGS);
    migrate(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const isDamage = (error: unknown): boolean =>
  error instanceof Error && /malformed|not a database|corrupt/i.test(error.message);

/**
 * The process that holds it writes the index; SQLite releases it when the process ends, however that ends.
 * @returns undefined if another process holds it
 */
export function lockIndex(folder: string): HistoryDatabase | undefined {
  const lock = new HistoryDatabase(path.join(folder, LOCK));
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch {
    lock.close();
    return undefined;
  }
}
