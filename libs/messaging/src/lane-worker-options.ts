import { type Clock, type Random } from '@pdaltagent/clock';
import { type Change, type DeadLetterCause, type Outcome } from '@pdaltagent/delivery';
import { type Connect } from './connect';
import { type DeadReason } from './dead-letter';
import { type TopologyMode } from './declare-topology';
import { type DeliveredMarkers } from './delivery-records';
import { type LaneClaims } from './lane-claim';
import { type Log } from './log';
import { type IncomingMessage, type Unreadable } from './message';
import { type LaneGroup, type QueueType } from './topology';

/** An attempt that has ended. */
export interface EndedAttempt {
  /** 1 is the first of this worker. */
  readonly number: number;
  /** How long it took; 0 if it was interrupted before anything was sent. */
  readonly ms: number;
}

/** What a worker does to its lanes and their keys. */
export type LaneChange =
  | { readonly kind: 'lane-taken' | 'lane-released'; readonly lane: number }
  | { readonly kind: 'key-parked'; readonly routingKey: string; readonly lane: number; readonly siding: number }
  | { readonly kind: 'key-returned'; readonly routingKey: string; readonly lane: number };

/** Receives a worker's events; for metrics and the journal. */
export interface LaneObserver {
  onAttempted(message: IncomingMessage, outcome: Outcome, attempt: EndedAttempt): void;
  /** An attempt hung while others waited and was interrupted; it will be retried. */
  onInterrupted(message: IncomingMessage, attempt: EndedAttempt): void;
  onDelivered(message: IncomingMessage): void;
  /** A delivered message was acknowledged after its marker was written: work here delays neither. */
  onAcknowledged?(message: IncomingMessage): void;
  /** Not sent because it was already delivered. */
  onDuplicateDropped(message: IncomingMessage): void;
  /** It became a dead letter; without a message if this version cannot read it. */
  onDeadLettered(reason: DeadReason, message?: IncomingMessage, cause?: DeadLetterCause): void;
  /** A message that this version cannot read became a dead letter; `onDeadLettered` is called as well. */
  onUnreadable?(unreadable: Unreadable): void;
  /** Something changed that concerns more than one message. */
  onChange?(change: Change | LaneChange): void;
}

export interface LaneWorkerOptions {
  readonly url: string;
  readonly name: string;
  readonly laneGroup: LaneGroup;
  readonly queueType: QueueType;
  readonly topologyMode?: TopologyMode | undefined;
  /** Concurrent attempts. */
  readonly concurrency: number;
  readonly maximumAgeMs: number;
  readonly poisonAfterMs: number;
  /** Which messages fail together; the default is one destination for all. */
  readonly destinationOf?: (message: IncomingMessage) => string;
  /** Makes one attempt. Rejects only if the signal aborted it. */
  readonly deliver: (message: IncomingMessage, signal: AbortSignal) => Promise<Outcome>;
  /** A destination responded that it is gone, and this worker paused it: other workers do not know yet. */
  readonly onDestinationGone?: (routingKey: string) => void;
  readonly markers: DeliveredMarkers;
  readonly claims: LaneClaims;
  readonly observer: LaneObserver;
  /** Awaited before the first message of a lane or its sidings, once the previous owner is gone; must settle soon. */
  readonly prepare?: () => Promise<void>;
  readonly log: Log;
  /**
   * A lane that has held a message for this long is released and taken again, before the broker's consumer timeout;
   * milliseconds.
   */
  readonly renewAfterMs?: number | undefined;
  /** How many bytes of messages to hold: about that, and the first messages of a queue; 64 MiB by default. */
  readonly memoryBytes?: number | undefined;
  readonly connect?: Connect;
  readonly clock?: Clock;
  readonly random?: Random;
}
