import { type Clock } from '@pdaltagent/clock';
import { type Deliverable, type QueuedMessage } from './key-queue';

/**
 * What keeps a message from being attempted. attempt: one is in flight; settling: its ack or dead letter is being
 * written; predecessor: others of its order key come first; paused: its key is; unavailable: its destination is, for
 * all keys or for its own; throttled: its key is; backoff: it waits after a failed attempt; queued: it is sent as soon as
 * a slot is free.
 */
export type BlockedBy =
  'attempt' | 'settling' | 'predecessor' | 'paused' | 'unavailable' | 'throttled' | 'backoff' | 'queued';

/** The status of a held message. */
export interface MessageStatus {
  readonly attempts: number;
  /** Outcome of the last attempt, in short: `server-error 503`. */
  readonly lastOutcome: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastAttemptAt: number | undefined;
  readonly blockedBy: BlockedBy;
  /** Number of messages of its order key before it. */
  readonly ahead: number;
  /** The earliest time of its next attempt, if known; milliseconds since 1970. */
  readonly nextAttemptAt: number | undefined;
}

export function statusOf<M extends Deliverable>(entry: QueuedMessage<M>, clock: Clock): MessageStatus {
  const { history, queue } = entry;
  const ahead = queue.entries.indexOf(entry);
  const blockedBy = blockerOf(entry, ahead);
  const waitsUntil =
    blockedBy === 'backoff' ? queue.waitsUntil : blockedBy === 'throttled' ? queue.key.waitsUntil : undefined;
  return {
    attempts: history.attempts,
    lastOutcome: history.lastOutcome,
    lastAttemptAt: history.lastAttemptAt,
    blockedBy,
    ahead,
    nextAttemptAt: waitsUntil === undefined ? undefined : clock.wall() + Math.round(waitsUntil - clock.monotonic()),
  };
}

function blockerOf<M extends Deliverable>({ queue }: QueuedMessage<M>, ahead: number): BlockedBy {
  const { key, state } = queue;
  if (ahead > 0) return 'predecessor';
  if (state === 'attempting') return 'attempt';
  if (state === 'settling') return 'settling';
  if (key.isPaused) return 'paused';
  if (!key.destination.circuit.admits(key.routingKey)) return 'unavailable';
  return key.blockedBy ?? (state === 'waiting' ? 'backoff' : 'queued');
}
