export { type Log } from './log';
export {
  type AddressedMessage,
  fromDelivery,
  type IncomingMessage,
  MESSAGE_TYPES,
  type MessageType,
  type OutgoingMessage,
  toProperties,
  type Unreadable,
} from './message';
export { headerBytesOf, MAXIMUM_HEADER_BYTES } from './header-bytes';
export { type ReadRecord, readRecord, writeRecord } from './message-record';
export { webhookMessage, type WebhookMessageOptions } from './webhook-message';
export { isPermanentRefusal, PublishError, type PublishFailure, Publisher } from './publisher';
export { LanePublisher, type LanePublisherOptions } from './lane-publisher';
export {
  type ChannelClosure,
  maximumSizeIn,
  messageRefusalIn,
  PublishChannel,
  type SendStatus,
  type Settlement,
} from './publish-channel';
export { BrokerConnection, type BrokerConnectionOptions } from './broker-connection';
export { amqplibConnect, type Connect, hasReplyCode } from './connect';
export { tolerateUndecodable } from './undecodable';
export { NoReply, replyTo } from './reply-timeout';
export { ACCESS_REFUSED, AccessRefused, accessRefusalIn, type Permission } from './access-refused';
export { declareTopology, removeFormerBindings, type TopologyMode } from './declare-topology';
export { announcementOf, objectOf, parkedByLane, type ParkedByLane } from './announcement';
export {
  DEAD_LETTER_EXCHANGE,
  deadLetterExchange,
  EVENTS,
  exchangesOf,
  JOURNAL,
  type LaneGroup,
  laneKey,
  laneOf,
  laneOfMessage,
  laneQueue,
  parkingExchange,
  PULSE_QUEUE,
  type QueueDeclaration,
  queuesOf,
  type QueueType,
  REPLY_EXCHANGE,
  sidingKey,
  sidingQueue,
  tableKey,
  tableQueue,
  STATUS_EXCHANGE,
  WEBHOOKS,
} from './topology';
export { DEAD_REASONS, type DeadReason } from './dead-letter';
export { type DeliveredMarkers } from './delivery-records';
export { type LaneClaims } from './lane-claim';
export { LaneWorker } from './lane-worker';
export { ATTEMPT_OUTCOMES, createLaneMetrics, type MetricNames, registerLaneGauges } from './lane-metrics';
export { type EndedAttempt, type LaneChange, type LaneObserver, type LaneWorkerOptions } from './lane-worker-options';
export { alertOf, type HeldReport, type TraceQuery, type TraceReply } from './trace-responder';
export { alertNameOf, AlertProgress, type AlertProgressStore, type LaterEvent } from './dead-letters/alert-progress';
export { type DeliveryRecord, type LastDeliveries, LastDeliveryRecorder } from './last-delivery-recorder';
export { actionOf } from './dead-letters/event-action';
export { type DeadLetter, deadLetterOf } from './dead-letters/dead-letter';
export { replayProperties } from './dead-letters/replay-properties';
