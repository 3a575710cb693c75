import {
  type FactStream,
  inCausalOrder,
  isMessageFact,
  JournalUnavailable,
  MessageHistory,
  type PlacedFact,
} from '@pdaltagent/journal';
import { endsWith } from '../events/selection';
import { withIndex } from '../journal/journal-index';
import { HistoryReader, missingLines } from '../journal/reader';
import { CliError, type Terminal } from '../terminal';
import { addIndexed, type Known } from './indexed-facts';
import { acceptedAtOf } from './message-id';
import { type TraceRequest } from './query';
import { isRelated, MOST_RELATED } from './related-facts';

/** What the journal knows of one message. */
export interface Timeline {
  readonly message: MessageHistory;
  /** In order of cause. */
  readonly facts: readonly PlacedFact[];
}

export type History =
  | {
      readonly kind: 'read';
      /** The latest ones, the latest last. */
      readonly timelines: readonly Timeline[];
      /** Number of messages of the alert before them. */
      readonly earlier: number;
      /** What is missing in the journal in the time of these messages, one line each. */
      readonly missing: readonly string[];
      /** From when on the journal was read; milliseconds since 1970. */
      readonly since: number | undefined;
    }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface HistoryRequest extends TraceRequest {
  /** The history since; milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Ask the index, instead of reading the stream. */
  readonly index?: true | undefined;
}

/** An alert may have thousands. */
const MOST = 20;
const DAY_MS = 86_400_000;

/** Reads what the journal has of a message or an alert. Without a journal, the result says why. */
export async function historyOf(terminal: Terminal, stream: FactStream, request: HistoryRequest): Promise<History> {
  const { name, since = acceptedAtOf(name) ?? terminal.now() - DAY_MS, index } = request;
  const collected = new Collected(request);
  let known: Known;
  try {
    const add = (placed: PlacedFact): void => collected.add(placed);
    known = await (index
      ? withIndex(terminal, stream, (indexed) => {
          indexed.sayStart(terminal);
          return addIndexed(indexed, name, since, add);
        })
      : addRead(new HistoryReader(terminal, stream, since), add));
  } catch (error) {
    if (!(error instanceof JournalUnavailable) && !(error instanceof CliError)) throw error;
    return { kind: 'unavailable', reason: error.message };
  }
  const timelines = collected.timelines();
  for (const { message } of timelines) if (known.isErased(message.id)) message.erase();
  const from = Math.min(...timelines.map(({ message }) => message.accepted ?? Infinity));
  const missing = missingLines(known.missing, known.beginsAt, Number.isFinite(from) ? Math.max(from, since) : since);
  return { kind: 'read', timelines, earlier: collected.earlier, missing, since };
}

async function addRead(reader: HistoryReader, add: (placed: PlacedFact) => void): Promise<Known> {
  await reader.readOn(add);
  const { beginsAt, completeness, erasures } = reader;
  return { beginsAt, missing: completeness.gaps(), isErased: (id) => erasures.has(id) };
}

interface Entry {
  readonly message: MessageHistory;
  readonly facts: PlacedFact[];
}

class Collected {
  readonly #request: TraceRequest;
  readonly #entries = new Map<string, Entry>();
  readonly #related: PlacedFact[] = [];
  /** Ids under which messages were replayed. */
  readonly #wanted: Set<string>;
  #earlier = 0;

  constructor(request: TraceRequest) {
    this.#request = request;
    this.#wanted = new Set([request.name]);
  }

  get earlier(): number {
    return this.#earlier;
  }

  add(placed: PlacedFact): void {
    const { fact } = placed;
    if (fact.kind === 'unknown') this.#entries.get(String(fact.content.id))?.facts.push(placed);
    else if (isMessageFact(fact)) {
      const entry = this.#entries.get(fact.id) ?? (this.#isWanted(placed) ? this.#entryOf(fact) : undefined);
      if (entry === undefined) return;
      entry.message.add(fact);
      entry.facts.push(placed);
      if (fact.kind === 'replayed' && fact.as !== undefined) this.#wanted.add(fact.as);
    } else if (isRelated(fact)) {
      this.#related.push(placed);
      if (this.#related.length > 2 * MOST_RELATED) this.#related.splice(0, MOST_RELATED);
    }
  }

  timelines(): Timeline[] {
    const entries = [...this.#entries.values()].sort(byAge);
    this.#earlier += Math.max(0, entries.length - MOST);
    return entries.slice(-MOST).map(({ message, facts }) => ({
      message,
      facts: inCausalOrder([...facts, ...this.#related.filter((placed) => concerns(placed, message, facts))]),
    }));
  }

  #isWanted({ fact }: PlacedFact): boolean {
    if (!isMessageFact(fact)) return false;
    const { name, key } = this.#request;
    if (key !== undefined && 'key' in fact && !endsWith(fact.key, key)) return false;
    return this.#wanted.has(fact.id) || ('alert' in fact && fact.alert === name);
  }

  #entryOf(fact: { readonly group: MessageHistory['group']; readonly id: string }): Entry {
    const entry: Entry = { message: new MessageHistory(fact), facts: [] };
    this.#entries.set(fact.id, entry);
    if (this.#entries.size > 2 * MOST) {
      for (const { message } of [...this.#entries.values()].sort(byAge).slice(0, MOST)) {
        this.#entries.delete(message.id);
        this.#earlier += 1;
      }
    }
    return entry;
  }
}

/** Newly found ones, of which nothing is known yet, are the latest. */
const byAge = (a: Entry, b: Entry): number => (a.message.accepted ?? Infinity) - (b.message.accepted ?? Infinity) || 0;

/** Whether it concerns the message's key, or the process that had the message, while it was on its way. */
function concerns({ fact, source }: PlacedFact, message: MessageHistory, facts: readonly PlacedFact[]): boolean {
  const { group, digest, accepted = Infinity, deliveredAt, state, changedAt } = message;
  const end = state === 'waiting' ? Infinity : (deliveredAt ?? changedAt);
  if (!('group' in fact) || fact.group !== group || fact.at < accepted || fact.at > end) return false;
  if (fact.kind === 'circuit') return facts.some((one) => one.source.instance === source.instance);
  return 'digest' in fact && fact.digest !== undefined && fact.digest === digest;
}
