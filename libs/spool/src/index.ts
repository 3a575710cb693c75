export { claimSpool, leftBehind } from './claim';
export { Spool } from './spool';
export { SpoolError, type SpoolFailure, type SpoolOptions, type StoredEntry } from './spool-ports';
