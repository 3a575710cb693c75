import { type Clock, type Random } from '@pdaltagent/clock';
import { type Outcome } from '@pdaltagent/delivery';
import { type DeadReason } from './dead-letter';
import { type DeliveredMarkers } from './delivered-ids';
import { type Log } from './log';
import { type IncomingMessage } from './message';
import { type LaneGroup, type QueueType } from './topology';

/** What a worker tells of its work; for metrics. */
export interface LaneObserver {
  attempted(message: IncomingMessage, outcome: Outcome): void;
  /** An attempt hung and was taken off the wire, for others waited; it will be repeated. */
  interrupted(message: IncomingMessage): void;
  delivered(message: IncomingMessage): void;
  /** Not sent, for it was delivered before. */
  duplicateDropped(message: IncomingMessage): void;
  /** Set aside for good; without a message if this version cannot read it. */
  deadLettered(reason: DeadReason, message?: IncomingMessage): void;
}

export interface LaneWorkerOptions {
  readonly url: string;
  readonly name: string;
  readonly laneGroup: LaneGroup;
  readonly queueType: QueueType;
  /** Attempts at one time. */
  readonly concurrency: number;
  readonly maximumAgeMs: number;
  readonly poisonAfterMs: number;
  /** Which messages fail together; the default is one destination for all. */
  readonly destinationOf?: (message: IncomingMessage) => string;
  /** One attempt. It rejects only where the signal ended it. */
  readonly deliver: (message: IncomingMessage, signal: AbortSignal) => Promise<Outcome>;
  /** A destination answered that it is gone, and this worker has paused it: others do not know yet. */
  readonly destinationGone?: (routingKey: string) => void;
  readonly markers: DeliveredMarkers;
  readonly observer: LaneObserver;
  /** Awaited before the first message of a lane or its sidings is looked at, once its former owner has left; settles soon. */
  readonly prepare?: () => Promise<void>;
  readonly log: Log;
  /** A lane that held a message for so long is subscribed anew, before the broker's consumer timeout; milliseconds. */
  readonly renewAfterMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}
