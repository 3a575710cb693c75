export {
  type Accounts,
  type Activity,
  type ActivityOptions,
  type Counts,
  type CountsOptions,
  type FoundMessage,
  type Hole,
  type HoleReason,
  type MessageWithFacts,
  type Missing,
  type Page,
  type SearchOptions,
  type Window,
} from './answers';
export { type HistoryLog, type HistoryProgress } from './follower';
export { History, type HistoryOptions } from './history';
export { HistoryError } from './index-client';
export { serveIndex } from './index-thread';
export { type RetentionLimits } from './retention';
export { type MissingBatches } from './sources';
