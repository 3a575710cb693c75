export { claimSpool, leftBehind } from './claim';
export { claimLaneSpool, claimOrphans, type ClaimOptions } from './claim-lanes';
export { LaneSpool } from './lane-spool';
export {
  Quarantine,
  QUARANTINE_PROBLEMS,
  type QuarantineEntry,
  type QuarantineHead,
  type QuarantineProblem,
} from './quarantine';
export { Spool } from './spool';
export {
  type PageLimit,
  SpoolError,
  type SpoolFailure,
  type SpoolOptions,
  type SpoolSource,
  type StoredEntry,
} from './spool-ports';
