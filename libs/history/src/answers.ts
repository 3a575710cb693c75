import { type FactGroup, type FactSource, type MessageState, type PlacedFact } from '@pdaltagent/journal';
import { type Progress } from './message-state';
import { type MissingBatches } from './sources';

/** A message, as a search finds it. Times are milliseconds since 1970. */
export interface FoundMessage extends Progress {
  readonly id: string;
  readonly group: FactGroup;
  readonly state: MessageState;
  /** When it was accepted; of its first fact, if none says so. */
  readonly accepted: number;
  /** These are unknown if only facts of operators have arrived. */
  readonly type?: string;
  readonly key?: string;
  readonly action?: string;
  readonly digest?: string;
  readonly alert?: string;
  readonly severity?: string;
  readonly source?: string;
  readonly summary?: string;
  /** Its texts were erased. */
  readonly isErased: boolean;
}

/** All that are given must hold. */
export interface SearchOptions {
  /** Words of the summary, source and dedup key, in any order; the last by its beginning; `"a phrase"`. */
  readonly text?: string | undefined;
  /** The exact dedup key. */
  readonly alert?: string | undefined;
  readonly id?: string | undefined;
  /** The end of the routing key, with or without `…`, its digest, or the name of a destination. */
  readonly key?: string | undefined;
  /** The exact source. */
  readonly source?: string | undefined;
  readonly state?: MessageState | undefined;
  readonly group?: FactGroup | undefined;
  /** Accepted at this time or later; milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Accepted before this time. */
  readonly until?: number | undefined;
  /** The default is 50. */
  readonly limit?: number | undefined;
  /** Goes on after the page that said it. */
  readonly cursor?: string | undefined;
}

/** The latest first. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Of the next page; undefined: there is none. */
  readonly next: string | undefined;
}

export interface MessageWithFacts {
  readonly message: FoundMessage;
  /** As they arrived: `inCausalOrder` of libs/journal sorts them. */
  readonly facts: readonly PlacedFact[];
}

export interface Window {
  /** Milliseconds since 1970, rounded down to a minute. */
  readonly since: number;
  /** Exclusive. */
  readonly until: number;
}

export interface CountsOptions extends Window {
  /** Milliseconds; rounded up to whole minutes. */
  readonly step: number;
}

/** What happened in a step of time, by the clocks of the processes. */
export interface Counts {
  readonly at: number;
  readonly group: FactGroup;
  readonly accepted: number;
  readonly delivered: number;
  /** Attempts that did not deliver. */
  readonly failed: number;
  /** Dead letters and quarantined events. */
  readonly dead: number;
}

/** How many of the messages accepted in a window are in each state; their sum is the number of them. */
export type Accounts = Readonly<Record<FactGroup, Readonly<Record<MessageState, number>>>>;

export interface ActivityOptions {
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** The default is every kind. */
  readonly kinds?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** A fact that is about no single message: of a process, a routing key, a destination, an operator. */
export interface Activity {
  readonly at: number;
  readonly kind: string;
  readonly by: FactSource;
  /** The fact's other fields; all of an unknown fact. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** What the index lacks. */
export interface Hole {
  /** `recreated`: the stream was deleted. `dropped`: it no longer had what came after the last batch that was read. */
  readonly reason: HoleReason;
  /** The last fact before it and the first after it; milliseconds since 1970. */
  readonly since: number;
  readonly until: number;
}
export type HoleReason = 'recreated' | 'dropped';

export interface Missing {
  readonly holes: readonly Hole[];
  /** Facts that processes dropped are in the activity, as `gap`. */
  readonly batches: readonly MissingBatches[];
}
