import { type DeadLetterQueue, type UnackedDeadLetter } from '../dead-letter-queue';
import { bytesOf, expiredAmong, oldestIn, type RetentionLimits, type StoredDeadLetter } from './expired';
import { storedBytesOf } from './stored-bytes';

/** What a sweep deleted, and what it left. */
export interface SweepResult {
  readonly deletedByAge: number;
  readonly deletedBySize: number;
  /** Their ids, by the limit that they were over. */
  readonly idsByAge: readonly string[];
  readonly idsBySize: readonly string[];
  readonly deletedBytes: number;
  /** When the first and the last of those deleted became dead letters; undefined if none was deleted, or none has a time. */
  readonly oldestDeleted: number | undefined;
  readonly newestDeleted: number | undefined;
  /** False: the broker did not answer in time whether it has deleted them; the next sweep deletes what is left of them. */
  readonly isConfirmed: boolean;
  readonly left: number;
  readonly leftBytes: number;
  readonly oldestLeft: number | undefined;
}

/**
 * Deletes the dead letters over the limits. Whatever ends it early, the broker returns all whose deletion it has not received to their
 * places.
 * @throws BrokerUnavailable, DeadLetterQueueBusy
 */
export async function sweep(
  queue: DeadLetterQueue,
  limits: RetentionLimits,
  now: number | undefined,
): Promise<SweepResult> {
  const stored: StoredDeadLetter[] = [];
  const collect = ({ deadLetter: { id, deadAt, message }, delivery }: UnackedDeadLetter): void => {
    const { deliveryTag } = delivery.fields;
    // The clock of the worker that wrote it may have been behind: an event is dead after it was received.
    const notBefore = deadAt === undefined ? undefined : Math.max(deadAt, message?.receivedAt ?? deadAt);
    stored.push({ id, deliveryTag, deadAt: notBefore, bytes: storedBytesOf(delivery) });
  };
  let deleted: readonly StoredDeadLetter[] = [];
  let byAge: readonly StoredDeadLetter[] = [];
  let bySize: readonly StoredDeadLetter[] = [];
  const isConfirmed = await queue.visitAll(collect, (remover) => {
    ({ byAge, bySize } = expiredAmong(stored, limits, now));
    deleted = [...byAge, ...bySize];
    for (const { deliveryTag } of deleted) remover.remove(deliveryTag);
    return Promise.resolve();
  });
  const tags = new Set(deleted.map(({ deliveryTag }) => deliveryTag));
  const left = stored.filter(({ deliveryTag }) => !tags.has(deliveryTag));
  return {
    deletedByAge: byAge.length,
    deletedBySize: bySize.length,
    idsByAge: byAge.map(({ id }) => id),
    idsBySize: bySize.map(({ id }) => id),
    deletedBytes: bytesOf(deleted),
    oldestDeleted: oldestIn(deleted),
    newestDeleted: deleted.reduce<number | undefined>(
      (newest, { deadAt }) => (deadAt !== undefined && deadAt > (newest ?? -Infinity) ? deadAt : newest),
      undefined,
    ),
    isConfirmed,
    left: left.length,
    leftBytes: bytesOf(left),
    oldestLeft: oldestIn(left),
  };
}
