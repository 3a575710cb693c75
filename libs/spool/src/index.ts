export { type ClaimOptions, claimSpool, OrphanedSpools } from './claim';
export {
  Quarantine,
  QUARANTINE_PROBLEMS,
  type QuarantineEntry,
  type QuarantineHeader,
  type QuarantineProblem,
} from './quarantine';
export {
  type Database,
  type DatabaseBatch,
  type DatabaseIterator,
  type Disk,
  type IteratorOptions,
  type Space,
} from './disk';
export { Spool } from './spool';
export { type PageLimit, SpoolError, type SpoolFailure, type SpoolSource, type StoredEntry } from './spool-ports';
