export { BrokerClient, type BrokerClientOptions, BrokerUnavailable, type QueueState } from './broker-client';
export { Sender } from './sender';
export { type SendResult, SequentialSender } from './sequential-sender';
export { DeadLetterQueue, DeadLetterQueueBusy, type UnackedDeadLetter } from './dead-letter-queue';
export { discard, type Discarded } from './discard';
export { byDeadAt, replay, type ReplayItem, replayItemOf, type ReplayOptions } from './replay';
export { type LaneGroupState, laneGroupState, type LaneState } from './lane-group-state';
export { findMessages, type Findings } from './find-messages';
export { listWorkers, type WorkersHeard } from './list-workers';
