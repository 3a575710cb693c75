import { type Clock } from '@pdaltagent/clock';
import { type Deliverable, type QueuedMessage } from './key-queue';

/** What keeps a message from being attempted; `turn`: nothing but that others come first. */
export type BlockedBy = 'attempt' | 'end' | 'former' | 'paused' | 'away' | 'moving' | 'throttled' | 'backoff' | 'turn';

/** Where a message stands that is held. */
export interface MessageStatus {
  readonly attempts: number;
  /** What the last one came to, in short: `server-error 503`. */
  readonly lastOutcome: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastAttemptAt: number | undefined;
  /**
   * attempt: one is on its way; end: its ack or dead letter is written; former: others of its order key come first; paused:
   * its key; away: its destination; moving: its key goes aside; throttled: its key waits or is paced; backoff: it waits.
   */
  readonly by: BlockedBy;
  /** Messages of its order key that come first. */
  readonly ahead: number;
  /** When it is attempted next at the earliest, where that is known; milliseconds since 1970. */
  readonly nextAttemptAt: number | undefined;
}

export function statusOf<M extends Deliverable>(entry: QueuedMessage<M>, clock: Clock): MessageStatus {
  const { history, queue } = entry;
  const ahead = queue.entries.indexOf(entry);
  const by = blockedBy(entry, ahead);
  const waitsUntil = by === 'backoff' ? queue.waitsUntil : by === 'throttled' ? queue.key.waitsUntil : undefined;
  return {
    attempts: history.attempts,
    lastOutcome: history.lastOutcome,
    lastAttemptAt: history.lastAttemptAt,
    by,
    ahead,
    nextAttemptAt: waitsUntil === undefined ? undefined : clock.wall() + Math.round(waitsUntil - clock.monotonic()),
  };
}

function blockedBy<M extends Deliverable>({ queue }: QueuedMessage<M>, ahead: number): BlockedBy {
  const { key, state } = queue;
  if (ahead > 0) return 'former';
  if (state === 'attempting') return 'attempt';
  if (state === 'settling') return 'end';
  if (key.paused) return 'paused';
  if (key.destination.circuit.open) return 'away';
  if (key.quiesceCount > 0) return 'moving';
  if (key.stopWaiting !== undefined) return 'throttled';
  return state === 'waiting' ? 'backoff' : 'turn';
}
