export { claimSpool, leftBehind } from './claim';
export { Spool, SpoolError, type SpoolFailure, type SpoolOptions, type StoredEntry } from './spool';
