import { type Fact, type FactGroup, type UnknownFact } from './fact';

/** A fact about one message. */
export type MessageFact = Extract<Fact, { readonly id: string }>;

/**
 * What became of a message. `waiting`: on its way, also while it is retried. `dead-letter` and `quarantined` wait for an operator.
 * `replayed`: sent again under another id, which has a history of its own. `expired`: a dead letter that a limit of age or size removed.
 * The files of libs/history have their places in this list: only ever add at the end.
 */
export const MESSAGE_STATES = [
  'waiting',
  'delivered',
  'dead-letter',
  'quarantined',
  'discarded',
  'expired',
  'replayed',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

/** How often each thing happened that decides the state of a message. They are sums: the order in which facts arrive does not matter. */
export interface MessageTally {
  /** Including `repeated`. */
  readonly delivered: number;
  readonly deadLettered: number;
  readonly quarantined: number;
  /** Under the same id. */
  readonly replayed: number;
  /** Sent again under another id. */
  readonly renamed: number;
  readonly discarded: number;
  readonly expired: number;
}

export const NOTHING_YET: MessageTally = {
  delivered: 0,
  deadLettered: 0,
  quarantined: 0,
  replayed: 0,
  renamed: 0,
  discarded: 0,
  expired: 0,
};

/** The tally with one fact more; the same object if the fact decides nothing. */
export function withFact(tally: MessageTally, fact: MessageFact): MessageTally {
  switch (fact.kind) {
    case 'accepted':
    case 'attempted':
      return tally;
    case 'delivered':
    case 'repeated':
      return { ...tally, delivered: tally.delivered + 1 };
    case 'dead-lettered':
      return { ...tally, deadLettered: tally.deadLettered + 1 };
    case 'quarantined':
      return { ...tally, quarantined: tally.quarantined + 1 };
    case 'discarded':
      return { ...tally, discarded: tally.discarded + 1 };
    case 'expired':
      return { ...tally, expired: tally.expired + 1 };
    case 'replayed':
      return fact.as === undefined || fact.as === fact.id
        ? { ...tally, replayed: tally.replayed + 1 }
        : { ...tally, renamed: tally.renamed + 1 };
  }
}

/**
 * The state that follows from the facts so far. A message that was delivered stays delivered, whatever happens to a copy of it. Whether
 * it waits or is a dead letter again after a replay is counted, not compared by time: the clocks of hosts differ.
 */
export function stateOf(tally: MessageTally): MessageState {
  if (tally.delivered > 0) return 'delivered';
  if (tally.renamed > 0) return 'replayed';
  if (tally.discarded > 0) return 'discarded';
  if (tally.expired > 0) return 'expired';
  if (tally.deadLettered + tally.quarantined <= tally.replayed) return 'waiting';
  // A quarantined event that is replayed may become a dead letter, never the other way round.
  return tally.deadLettered > 0 ? 'dead-letter' : 'quarantined';
}

export function isMessageFact(fact: Fact | UnknownFact): fact is MessageFact {
  return 'id' in fact;
}

/** Everything that is known of one message, from its facts in any order. A fact must be added once: see `Completeness`. */
export class MessageHistory {
  readonly group: FactGroup;
  readonly id: string;
  type: string | undefined;
  action: string | undefined;
  /** The end of the routing key, `…d1a6`; for a webhook, the name of its destination. */
  key: string | undefined;
  digest: string | undefined;
  alert: string | undefined;
  severity: string | undefined;
  source: string | undefined;
  summary: string | undefined;
  bytes: number | undefined;
  lane: number | undefined;
  /** When it was accepted for the first time; milliseconds since 1970. */
  accepted: number | undefined;
  deliveredAt: number | undefined;
  /** The time of its latest fact. */
  changedAt = 0;
  /** Why it was last not delivered, as `server-error 503` or `rejected 400`. */
  problem: string | undefined;
  /** Its id from now on, if it was replayed under another one. */
  replayedAs: string | undefined;
  isErased = false;
  #tally = NOTHING_YET;
  #attempts = 0;
  #lastAttempt = 0;
  #problemAt = 0;

  constructor({ group, id }: Pick<MessageFact, 'group' | 'id'>) {
    this.group = group;
    this.id = id;
  }

  get state(): MessageState {
    return stateOf(this.#tally);
  }

  /** The number of attempts that are known: a worker numbers its own, and facts may be lost. */
  get attempts(): number {
    return Math.max(this.#attempts, this.#lastAttempt);
  }

  add(fact: MessageFact): void {
    this.changedAt = Math.max(this.changedAt, fact.at);
    this.#tally = withFact(this.#tally, fact);
    switch (fact.kind) {
      case 'discarded':
      case 'expired':
        return;
      case 'replayed':
        this.replayedAs = fact.as ?? this.replayedAs;
        return;
      case 'accepted':
        this.bytes = fact.bytes;
        this.lane = fact.lane;
        if (!this.isErased) this.#addTexts(fact);
        break;
      case 'attempted':
        this.#addAttempt(fact.attempt);
        this.#setProblem(fact.at, fact.reason ?? fact.outcome, fact.status);
        break;
      case 'delivered':
        this.#addAttempt(fact.attempt);
        this.deliveredAt = Math.min(this.deliveredAt ?? Infinity, fact.at);
        break;
      case 'repeated':
        break;
      case 'dead-lettered':
        this.#setProblem(fact.at, fact.reason, fact.status);
        break;
      case 'quarantined':
        this.#setProblem(fact.at, fact.problem, undefined);
        break;
    }
    this.#addReference(fact);
  }

  /** Removes what may say something about a person, as an `erased` fact asks; its ids, kinds and times stay. */
  erase(): void {
    this.isErased = true;
    this.alert = undefined;
    this.severity = undefined;
    this.source = undefined;
    this.summary = undefined;
  }

  #addReference(fact: Exclude<MessageFact, { readonly kind: 'discarded' | 'expired' | 'replayed' }>): void {
    this.type ??= fact.type;
    this.action ??= fact.action;
    this.key ??= fact.key;
    this.digest ??= fact.digest;
    if (!this.isErased) this.alert ??= fact.alert;
    // A replay restarts the age of a message.
    this.accepted = Math.min(this.accepted ?? Infinity, fact.accepted);
  }

  #addTexts({ severity, source, summary }: Extract<MessageFact, { readonly kind: 'accepted' }>): void {
    this.severity = severity;
    this.source = source;
    this.summary = summary;
  }

  #addAttempt(number: number): void {
    this.#attempts += 1;
    this.#lastAttempt = Math.max(this.#lastAttempt, number);
  }

  #setProblem(at: number, problem: string, status: number | undefined): void {
    if (at < this.#problemAt) return;
    this.#problemAt = at;
    this.problem = status === undefined ? problem : `${problem} ${status}`;
  }
}
