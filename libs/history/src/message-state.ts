import { type MessageState } from '@pdaltagent/journal';
import { detailsOf, kindOf, type StoredFact } from './message-facts';

/** What is shown of a message's way without its facts. */
export interface Progress {
  /** The time of its latest fact; milliseconds since 1970. */
  readonly changedAt: number;
  readonly attempts: number;
  /** Of the latest attempt, if it was answered. */
  readonly status?: number;
  /** Of the latest attempt: `delivered`, `throttled`, … */
  readonly outcome?: string;
  /** Its id from now on, if it was replayed under another one. */
  readonly replayedAs?: string;
}

/**
 * What became of a message, from its facts in any order: those of several processes, whose clocks differ, arrive as it comes. So things
 * are counted, and times are not compared. A message that was delivered stays delivered, whatever happens to a copy of it.
 */
export function stateOf(facts: readonly StoredFact[]): MessageState {
  const times = { deadLettered: 0, quarantined: 0, replayed: 0, renamed: 0, discarded: 0, expired: 0 };
  for (const fact of facts) {
    switch (kindOf(fact)) {
      case 'delivered':
      case 'repeated':
        return 'delivered';
      case 'dead-lettered':
        times.deadLettered += 1;
        break;
      case 'quarantined':
        times.quarantined += 1;
        break;
      case 'discarded':
        times.discarded += 1;
        break;
      case 'expired':
        times.expired += 1;
        break;
      case 'replayed':
        times[detailsOf(fact).as === undefined ? 'replayed' : 'renamed'] += 1;
        break;
      case 'accepted':
      case 'attempted':
      case undefined:
    }
  }
  if (times.renamed > 0) return 'replayed';
  if (times.discarded > 0) return 'discarded';
  if (times.expired > 0) return 'expired';
  if (times.deadLettered + times.quarantined <= times.replayed) return 'waiting';
  // A quarantined event that is replayed may become a dead letter, never the other way round.
  return times.deadLettered > 0 ? 'dead-letter' : 'quarantined';
}

export function progressOf(facts: readonly StoredFact[]): Progress {
  const attempts = facts.filter((fact) => kindOf(fact) === 'attempted' || kindOf(fact) === 'delivered');
  const [first] = attempts;
  const latest = first && attempts.reduce((a, b) => (isAfter(b, a) ? b : a), first);
  const details = latest === undefined ? {} : detailsOf(latest);
  const outcome = latest !== undefined && kindOf(latest) === 'delivered' ? 'delivered' : details.outcome;
  const numbers = attempts.map((fact) => Number(detailsOf(fact).attempt ?? 0));
  const replayedAs = facts.map((fact) => (kindOf(fact) === 'replayed' ? detailsOf(fact).as : undefined));
  const renamed = replayedAs.find((id) => id !== undefined);
  return {
    changedAt: Math.max(0, ...facts.map(([, at]) => at)),
    // A worker numbers its own attempts, and facts may be lost.
    attempts: Math.max(attempts.length, ...numbers),
    ...(typeof details.status === 'number' ? { status: details.status } : {}),
    ...(outcome === undefined ? {} : { outcome: String(outcome) }),
    ...(renamed === undefined ? {} : { replayedAs: String(renamed) }),
  };
}

/** Of attempts of the same time, the one that delivered counts as later, so that the order of arrival does not matter. */
const isAfter = ([kind, at]: StoredFact, [otherKind, otherAt]: StoredFact): boolean =>
  at > otherAt || (at === otherAt && kind > otherKind);
