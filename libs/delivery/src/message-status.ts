import { type Clock } from '@pdaltagent/clock';
import { type Deliverable, type QueuedMessage } from './key-queue';

/** What keeps a message from being attempted; `turn`: it waits for its turn. */
export type BlockedBy = 'attempt' | 'end' | 'former' | 'paused' | 'away' | 'moving' | 'throttled' | 'backoff' | 'turn';

/** The status of a held message. */
export interface MessageStatus {
  readonly attempts: number;
  /** Outcome of the last attempt, in short: `server-error 503`. */
  readonly lastOutcome: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastAttemptAt: number | undefined;
  /**
   * attempt: one is in flight; end: its ack or dead letter is being written; former: others of its order key come
   * first; paused: its key is; away: its destination is unavailable, for all keys or for its own; moving: its key is
   * being parked; throttled: its key is; backoff: it waits.
   */
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
  if (ahead > 0) return 'former';
  if (state === 'attempting') return 'attempt';
  if (state === 'settling') return 'end';
  if (key.isPaused) return 'paused';
  if (!key.destination.circuit.admits(key.routingKey)) return 'away';
  return key.blockedBy ?? (state === 'waiting' ? 'backoff' : 'turn');
}
