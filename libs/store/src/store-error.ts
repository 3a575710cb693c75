/**
 * unreachable: no reply in time, so that the command may have been executed; or the server that answers cannot be used.
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
 * A replica, a server that is still loading its data, or a partitioned part of a cluster: after a failover the
 * address leads to another server. Redis before 7 wraps the error of a script: `ERR Error running script (…):
 * -READONLY You can't write …`.
 */
const NOT_PRIMARY = /(?:^|-)(?:READONLY|MASTERDOWN|LOADING|NOREPLICAS|CLUSTERDOWN) /;

/** Whether the error means that this server is not the primary, or not ready. */
export function isNotPrimary(error: Error): boolean {
  return NOT_PRIMARY.test(error.message);
}

/** ioredis's own errors have no code; an error that Redis returns is a ReplyError. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (!(error instanceof Error)) return new StoreError('unreachable', String(error));
  const isRefusal = error.name === 'ReplyError' && !isNotPrimary(error);
  return new StoreError(isRefusal ? 'refused' : 'unreachable', error.message);
}
