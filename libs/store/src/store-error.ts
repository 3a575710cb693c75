/**
 * away: nothing was heard in time, and the command may have been carried out; or what answers is no server to work with.
 * refused: Redis answered with an error.
 */
export type StoreFailure = 'unreachable' | 'refused';

export class StoreError extends Error {
  readonly code: StoreFailure;

  constructor(code: StoreFailure, detail: string) {
    super(code === 'unreachable' ? `Redis is unreachable: ${detail}` : `Redis refused: ${detail}`);
    this.name = 'StoreError';
    this.code = code;
  }
}

/**
 * A replica, a server that still loads its data, a part of a cluster that is cut off: after a failover the address leads to
 * another. Redis before 7 wraps what a script was told: `ERR Error running script (…): -READONLY You can't write …`.
 */
const NOT_PRIMARY = /(?:^|-)(?:READONLY|MASTERDOWN|LOADING|NOREPLICAS|CLUSTERDOWN) /;

/** Whether the answer says that this server is not the one to work with, now. */
export function isNotPrimary(error: Error): boolean {
  return NOT_PRIMARY.test(error.message);
}

/** ioredis has no code for its own troubles; what Redis itself answers is a ReplyError. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (!(error instanceof Error)) return new StoreError('unreachable', String(error));
  const isRefusal = error.name === 'ReplyError' && !isNotPrimary(error);
  return new StoreError(isRefusal ? 'refused' : 'unreachable', error.message);
}
