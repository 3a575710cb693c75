import { type Log } from './log';

/** Why something could not be spooled: the spool or its disk is full, the disk fails, or the process ends. */
export type SpoolFailure = 'full' | 'failing' | 'closed';

export class SpoolError extends Error {
  readonly code: SpoolFailure;

  constructor(code: SpoolFailure) {
    super(`the spool is ${code}`);
    this.name = 'SpoolError';
    this.code = code;
  }
}

export interface SpoolOptions {
  readonly folder: string;
  /** What the contents of all entries may come to. */
  readonly maximumBytes: number;
  readonly log: Log;
}

export interface StoredEntry {
  readonly sequence: number;
  readonly bytes: number;
  readonly content: Buffer;
}
