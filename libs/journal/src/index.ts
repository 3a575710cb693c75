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
export { Erasures, erasureDigestOf, withoutPersonalData } from './erasures';
export { declareStream, type JournalLimits } from './declare-stream';
export { Journal, type JournalObserver, type JournalOptions } from './journal';
export { JournalReader, type JournalReaderOptions } from './journal-reader';
export { JournalUnavailable, type Unavailability } from './journal-unavailable';
export { type Hole, Sequences, type WritingProcess } from './sequences';
export {
  type JournalConfiguration,
  type JournalReaderConfiguration,
  openJournal,
  type OpenedJournal,
  type OpenJournalOptions,
  openJournalReader,
} from './open-journal';
export { DeliveryFacts, type DeliveryFactsOptions } from './delivery-facts';
export { type FactDraft } from './fact-draft';
export { MessageReferences, type ShownKey } from './message-references';
export { withoutRoutingKey } from './routing-key';
export { inCausalOrder, type PlacedFact } from './causal-order';
export { Completeness, type Gap, type OpenProcess } from './completeness';
export {
  isMessageFact,
  MESSAGE_STATES,
  type MessageFact,
  MessageHistory,
  type MessageState,
  type MessageTally,
  NOTHING_YET,
  stateOf,
  withFact,
} from './message-history';
