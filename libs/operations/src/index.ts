export { BrokerClient, type BrokerClientOptions, BrokerUnavailable, type QueueState } from './broker-client';
export { Sender } from './sender';
export { type SendResult, SequentialSender } from './sequential-sender';
export { DeadLetterQueue, DeadLetterQueueBusy, type UnackedDeadLetter } from './dead-letter-queue';
export { discard, type Discarded, discardMatching } from './discard';
export { type Criterion, criterionSchema, matcherOf, type Matches, type Searched } from './erase/criterion';
export {
  ERASE_PATH,
  type Erased,
  type EraseRequest,
  eraseRequestSchema,
  eraseResponseSchema,
  MAXIMUM_REQUEST_BYTES,
} from './erase/request';
export { DeadLetterRetention, type RetentionOptions } from './retention/retention';
export { retentionLimitsOf } from './retention/limits';
export { byDeadAt, replay, type ReplayItem, replayItemOf, type ReplayOptions } from './replay';
export { type LaneGroupState, laneGroupState, type LaneState } from './lane-group-state';
export { findMessages, type Findings } from './find-messages';
export { findHeldIds, type HeldIds } from './find-held-ids';
export { listWorkers, type WorkersHeard } from './list-workers';
export { PERMISSIONS, type Permissions, type Role, ROLES } from './permissions';
