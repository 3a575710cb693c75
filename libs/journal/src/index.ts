export {
  FACT_VERSION,
  type Fact,
  type FactContent,
  type FactGroup,
  type FactKind,
  type FactOf,
  type FactRecorder,
  type FactSource,
  type MessageReference,
  NO_JOURNAL,
  type UnknownFact,
} from './fact';
export { type FactBatch, type FactStream, type ReadFrom, type ReadOptions, type ReadProgress } from './fact-batch';
