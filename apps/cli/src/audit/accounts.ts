import {
  type FactGroup,
  isMessageFact,
  type MessageFact,
  type MessageState,
  type MessageTally,
  NOTHING_YET,
  type PlacedFact,
  stateOf,
  withFact,
} from '@pdaltagent/journal';
import { IdSet } from '../journal/id-set';

/** A message that is not delivered, as far as its facts say. */
export interface OpenMessage {
  readonly id: string;
  readonly group: FactGroup;
  readonly key: string;
  readonly alert: string | undefined;
  /** Undefined if its acceptance is lost. */
  readonly lane: number | undefined;
  /** When it was accepted; milliseconds since 1970. */
  readonly accepted: number;
  readonly state: Exclude<MessageState, 'delivered'>;
  /** Whether an operator has sent it again: a dead letter may be on its way. */
  readonly isReplayed: boolean;
  /** The time of its latest fact. */
  readonly changedAt: number;
}

export type Counts = Readonly<Record<MessageState, number>>;

interface Entry {
  readonly group: FactGroup;
  key: string | undefined;
  alert: string | undefined;
  lane: number | undefined;
  accepted: number | undefined;
  changedAt: number;
  tally: MessageTally;
}

export const FACT_GROUPS = ['events', 'webhooks'] as const satisfies readonly FactGroup[];

/**
 * What became of every message that was accepted between two times. Facts may arrive in any order, but each only once. It holds a record
 * of each message that is not delivered, and a hash of the id of each one that is: a late fact must not open its account again.
 */
export class Accounts {
  readonly #since: number;
  readonly #until: number;
  readonly #open = new Map<string, Entry>();
  readonly #delivered = new IdSet();
  readonly #deliveredOf = { events: 0, webhooks: 0 };
  /** Keys are few: one string for each, instead of one for each message. */
  readonly #keys = new Map<string, string>();

  /** Both in milliseconds since 1970. */
  constructor(since = -Infinity, until = Infinity) {
    this.#since = since;
    this.#until = until;
  }

  add({ fact }: PlacedFact): void {
    if (!isMessageFact(fact)) return;
    const hasReference = 'accepted' in fact;
    if (hasReference && !this.#isMeant(fact.accepted)) return;
    if (this.#delivered.has(fact.id)) return;
    const known = this.#open.get(fact.id);
    const tally = withFact(known?.tally ?? NOTHING_YET, fact);
    if (hasReference && tally.delivered > 0) {
      this.#open.delete(fact.id);
      this.#delivered.add(fact.id);
      this.#deliveredOf[fact.group] += 1;
      return;
    }
    const entry = known ?? this.#entryOf(fact);
    entry.tally = tally;
    entry.changedAt = Math.max(entry.changedAt, fact.at);
    if (hasReference) this.#addReference(entry, fact);
    if (fact.kind === 'accepted') entry.lane = fact.lane;
  }

  /** Messages none of whose facts are added. */
  addDelivered(group: FactGroup, count: number): void {
    this.#deliveredOf[group] += count;
  }

  /** Number of messages of a group by their state. */
  countsOf(group: FactGroup): Counts {
    const counts = {
      waiting: 0,
      delivered: this.#deliveredOf[group],
      'dead-letter': 0,
      quarantined: 0,
      discarded: 0,
      expired: 0,
      replayed: 0,
    };
    for (const entry of this.#open.values()) {
      if (entry.group === group && isAccepted(entry)) counts[stateOf(entry.tally)] += 1;
    }
    return counts;
  }

  /** Messages that must be somewhere: that wait, and dead letters. The oldest first. */
  *open(): Generator<OpenMessage> {
    const sorted = [...this.#open].flatMap(([id, entry]) => {
      const state = stateOf(entry.tally);
      if (!isAccepted(entry) || (state !== 'waiting' && state !== 'dead-letter')) return [];
      return [{ id, state, entry, accepted: entry.accepted }];
    });
    sorted.sort((a, b) => a.accepted - b.accepted);
    for (const { id, state, accepted, entry } of sorted) {
      const { group, key = '-', alert, lane, changedAt } = entry;
      yield { id, group, key, alert, lane, accepted, state, isReplayed: entry.tally.replayed > 0, changedAt };
    }
  }

  #isMeant(accepted: number): boolean {
    return accepted >= this.#since && accepted <= this.#until;
  }

  #entryOf({ id, group }: MessageFact): Entry {
    const entry: Entry = {
      group,
      key: undefined,
      alert: undefined,
      lane: undefined,
      accepted: undefined,
      changedAt: 0,
      tally: NOTHING_YET,
    };
    this.#open.set(id, entry);
    return entry;
  }

  #addReference(entry: Entry, fact: Extract<MessageFact, { readonly accepted: number }>): void {
    const { key, alert } = fact;
    const shared = this.#keys.get(key) ?? key;
    this.#keys.set(key, shared);
    entry.key = shared;
    entry.alert ??= alert;
    entry.accepted = Math.min(entry.accepted ?? Infinity, fact.accepted);
  }
}

/** An operator’s action on a message of which nothing else is known: it was accepted before the journal begins. */
function isAccepted(entry: Entry): entry is Entry & { accepted: number } {
  return entry.accepted !== undefined;
}
