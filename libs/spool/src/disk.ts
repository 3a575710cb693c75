import { destroyDatabase, openDatabase, repairDatabase } from './database';
import { spaceOf } from './space';

export interface IteratorOptions {
  readonly gte?: Buffer;
  readonly lte?: Buffer;
  readonly highWaterMarkBytes?: number;
}

/** Items of an iterator of LevelDB, in the order of their keys; no more if the result is empty. */
export interface DatabaseIterator<Item> {
  nextv(size: number): Promise<Item[]>;
  close(): Promise<void>;
}

/** Writes that are applied together or not at all. */
export interface DatabaseBatch {
  put(key: Buffer, value: Buffer): unknown;
  del(key: Buffer): unknown;
  /** @param options sync: resolves once it is synced; otherwise a power failure may undo it */
  write(options: { readonly sync: boolean }): Promise<void>;
}

/** What the spool uses of LevelDB. A failed call has the codes of LevelDB: LEVEL_CORRUPTION, LEVEL_IO_ERROR … */
export interface Database {
  readonly status: string;
  batch(): DatabaseBatch;
  iterator(range: IteratorOptions): DatabaseIterator<[Buffer, Buffer]>;
  keys(range: IteratorOptions): DatabaseIterator<Buffer>;
  getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]>;
  compactRange(start: Buffer, end: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Total and free space; bytes. */
export interface Space {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/** The disk of a spool; injected so that a simulated one can take its place. */
export interface Disk {
  /** Opens the database of a folder; undefined if another process has it. @throws Error if it cannot be opened */
  open(folder: string): Promise<Database | undefined>;
  /** Keeps what can be read. */
  repair(folder: string): Promise<void>;
  /** Removes everything in the folder: needs no disk space. */
  destroy(folder: string): Promise<void>;
  /** @throws Error if the folder does not exist */
  space(folder: string): Promise<Space>;
}

export const LEVELDB: Disk = {
  open: openDatabase,
  repair: repairDatabase,
  destroy: destroyDatabase,
  space: spaceOf,
};
