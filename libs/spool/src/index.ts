export { claimSpool, leftBehind } from './claim';
export {
  Quarantine,
  QUARANTINE_PROBLEMS,
  type QuarantineEntry,
  type QuarantineHead,
  type QuarantineProblem,
} from './quarantine';
export { Spool } from './spool';
export { SpoolError, type SpoolFailure, type SpoolOptions, type StoredEntry } from './spool-ports';
