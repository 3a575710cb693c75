import { type Clock } from '@pdaltagent/clock';
import { type Entry, type Held } from './key-queue';

/** What keeps a message from being attempted; `turn`: nothing but that others come first. */
export type HeldUpBy = 'attempt' | 'end' | 'former' | 'paused' | 'away' | 'moving' | 'throttled' | 'backoff' | 'turn';

/** Where a message stands that is held. */
export interface Standing {
  readonly attempts: number;
  /** What the last one came to, in short: `server-error 503`. */
  readonly lastOutcome: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastAttemptAt: number | undefined;
  /**
   * attempt: one is on its way; end: its ack or dead letter is written; former: others of its order key come first; paused:
   * its key; away: its destination; moving: its key goes aside; throttled: its key waits or is paced; backoff: it waits.
   */
  readonly by: HeldUpBy;
  /** Messages of its order key that come first. */
  readonly ahead: number;
  /** When it is attempted next at the earliest, where that is known; milliseconds since 1970. */
  readonly nextAttemptAt: number | undefined;
}

export function standingOf<M extends Held>(entry: Entry<M>, clock: Clock): Standing {
  const { trials, line } = entry;
  const ahead = line.entries.indexOf(entry);
  const by = heldUpBy(entry, ahead);
  const waitsUntil = by === 'backoff' ? line.waitsUntil : by === 'throttled' ? line.key.waitsUntil : undefined;
  return {
    attempts: trials.attempts,
    lastOutcome: trials.lastOutcome,
    lastAttemptAt: trials.lastAttemptAt,
    by,
    ahead,
    nextAttemptAt: waitsUntil === undefined ? undefined : clock.wall() + Math.round(waitsUntil - clock.monotonic()),
  };
}

function heldUpBy<M extends Held>({ line }: Entry<M>, ahead: number): HeldUpBy {
  const { key, state } = line;
  if (ahead > 0) return 'former';
  if (state === 'attempting') return 'attempt';
  if (state === 'leaving') return 'end';
  if (key.paused) return 'paused';
  if (key.destination.circuit.open) return 'away';
  if (key.holds > 0) return 'moving';
  if (key.stopWaiting !== undefined) return 'throttled';
  return state === 'waiting' ? 'backoff' : 'turn';
}
