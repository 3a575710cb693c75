import { type Clock, type Random } from '@pdaltagent/clock';
import { type Dispatcher } from '@pdaltagent/delivery';
import { type ConsumeMessage } from 'amqplib';
import { type DeliveryRecords } from './delivery-records';
import { type LaneChannel, type UnackedMessage } from './lane-channel';
import { type LaneClaimOptions, type LaneClaims } from './lane-claim';
import { type LaneChange } from './lane-worker-options';
import { type Log } from './log';
import { type MemoryBudget } from './memory-budget';
import { type Unreadable } from './message';
import { type PublishConnection } from './publish-connection';
import { type Scout } from './scout';
import { type LaneGroup } from './topology';

export interface LaneOwnerPorts<Owner> {
  onUnreadable(lane: LaneChannel, delivery: ConsumeMessage, unreadable: Unreadable): void;
  /** Not sent because it was already delivered. */
  onDuplicateDropped(message: UnackedMessage): void;
  /** The lane is ours, or we wait for it. */
  onConsuming(): void;
  onChange(change: LaneChange): void;
  /** The lane is no longer ours. */
  onEnded(owner: Owner): void;
}

export interface LaneOwnerOptions<Owner> {
  readonly laneGroup: LaneGroup;
  readonly index: number;
  readonly dispatcher: Dispatcher<UnackedMessage>;
  readonly records: Pick<DeliveryRecords, 'has'>;
  readonly publishing: PublishConnection;
  readonly scout: Pick<Scout, 'whenAnswered'>;
  readonly claims: LaneClaims;
  readonly memory: MemoryBudget;
  /** Which worker it is, and its former claims. */
  readonly owner: Pick<LaneClaimOptions, 'worker' | 'term' | 'begun'>;
  /** Whether an older worker may have had the lane, and parked keys that its table does not list. */
  readonly hasHeardOlder: () => boolean;
  /** The most unacknowledged messages of the lane, if it is taken now. */
  readonly lanePrefetch: () => number;
  readonly log: Log;
  /** Awaited before the first message of the lane or of a siding; must settle soon, whatever hangs. */
  readonly prepare: () => Promise<void>;
  readonly ports: LaneOwnerPorts<Owner>;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}
