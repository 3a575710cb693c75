/**
 * away: there was no response in time, and the command may have been executed; or the server that responds cannot be used.
 * refused: Redis answered with an error.
 */
export type StoreFailure = 'away' | 'refused';

export class StoreError extends Error {
  readonly code: StoreFailure;

  constructor(code: StoreFailure, detail: string) {
    super(code === 'away' ? `Redis is away: ${detail}` : `Redis refused: ${detail}`);
    this.name = 'StoreError';
    this.code = code;
  }
}

/**
 * A replica, a server that is still loading its data, a disconnected part of a cluster: after a failover the address leads to
 * another server. Redis before 7 wraps errors in scripts: `ERR Error running script (…): -READONLY You can't write …`.
 */
const NOT_PRIMARY = /(?:^|-)(?:READONLY|MASTERDOWN|LOADING|NOREPLICAS|CLUSTERDOWN) /;

/** Whether the response says that this server cannot be used now. */
export function isNotPrimary(error: Error): boolean {
  return NOT_PRIMARY.test(error.message);
}

/** ioredis's own errors have no code; error responses of Redis are ReplyErrors. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (!(error instanceof Error)) return new StoreError('away', String(error));
  const isRefusal = error.name === 'ReplyError' && !isNotPrimary(error);
  return new StoreError(isRefusal ? 'refused' : 'away', error.message);
}
