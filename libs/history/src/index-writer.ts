import { type Fact, type FactBatch, type MessageReference, type UnknownFact } from '@pdaltagent/journal';
import { type Hole } from './answers';
import { type HistoryDatabase } from './database';
import { Erasures } from './erasures';
import { groupNumber, Interned } from './interned';
import {
  isMessageFact,
  type MessageFact,
  type Origin,
  storedFact,
  type StoredFact,
  withoutAnswer,
} from './message-facts';
import { acceptedAt, idBytes, messageNumber } from './message-number';
import { type MessageRow, MessageRows, NO_TEXTS, type Texts } from './message-rows';
import { stateOf } from './message-state';
import { savePosition, setStart, startsAt } from './meta';
import { Sources } from './sources';
import { Tallies } from './tallies';

/** What the batches of one transaction say about a message. */
interface News {
  readonly id: string;
  readonly group: number;
  readonly facts: StoredFact[];
  reference?: MessageReference;
  accepted?: Extract<MessageFact, { readonly kind: 'accepted' }>;
}

/** Everything that a transaction adds, collected first: one read and one write for each message, however many facts it has. */
interface Additions {
  readonly messages: Map<string, News>;
  readonly tallies: Tallies;
  earliest: number | undefined;
}

/** Writes batches of facts into the index. The only one that does. */
export class IndexWriter {
  readonly #database: HistoryDatabase;
  readonly #interned: Interned;
  readonly #sources: Sources;
  readonly #rows: MessageRows;
  readonly #erasures: Erasures;

  constructor(database: HistoryDatabase) {
    this.#database = database;
    this.#interned = new Interned(database);
    this.#sources = new Sources(database);
    this.#rows = new MessageRows(database);
    this.#erasures = new Erasures(database, this.#rows);
  }

  /**
   * All of them and their offset, or nothing.
   * @param oldest facts from before are left out; milliseconds since 1970
   */
  write(batches: readonly FactBatch[], oldest: number): void {
    let erased: boolean;
    try {
      erased = this.#database.transaction(() => this.#write(batches, oldest));
    } catch (error) {
      for (const part of [this.#interned, this.#sources, this.#rows, this.#erasures]) part.forget();
      throw error;
    }
    // The log still has the pages as they were before.
    if (erased) this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').rows();
  }

  addHole({ reason, since, until }: Hole): void {
    this.#database.prepare('INSERT INTO holes(reason, since, until) VALUES(?, ?, ?)').run(reason, since, until);
  }

  #write(batches: readonly FactBatch[], oldest: number): boolean {
    const additions: Additions = { messages: new Map(), tallies: new Tallies(), earliest: undefined };
    for (const batch of batches) {
      const source = this.#sources.add(batch);
      if (source === undefined) continue;
      const { sequence } = batch;
      for (const [index, fact] of batch.facts.entries())
        if (fact.at >= oldest) this.#add(fact, { source, sequence, index }, additions);
    }
    this.#sources.save();
    this.#saveMessages(additions);
    const hasErased = this.#erasures.apply();
    this.#rows.save();
    additions.tallies.save(this.#database);
    if (additions.earliest !== undefined && startsAt(this.#database) === undefined)
      setStart(this.#database, additions.earliest);
    const last = batches.at(-1);
    if (last !== undefined) {
      const { offset, sequence, source, facts } = last;
      savePosition(this.#database, { offset, sequence, instance: source.instance, at: facts.at(-1)?.at ?? 0 });
    }
    return hasErased;
  }

  #add(fact: Fact | UnknownFact, origin: Origin, additions: Additions): void {
    if (additions.earliest === undefined || fact.at < additions.earliest) additions.earliest = fact.at;
    if (fact.kind === 'erased') this.#erasures.add(fact);
    if (!isMessageFact(fact)) {
      this.#addActivity(fact, origin.source);
      return;
    }
    additions.tallies.addFact(fact.kind, fact.group, fact.at);
    let news = additions.messages.get(fact.id);
    if (news === undefined) {
      news = { id: fact.id, group: groupNumber(fact.group), facts: [] };
      additions.messages.set(fact.id, news);
    }
    news.facts.push(storedFact(fact, origin));
    if ('key' in fact) news.reference ??= fact;
    if (fact.kind === 'accepted') news.accepted ??= fact;
  }

  #addActivity(fact: Fact | UnknownFact, source: number): void {
    const { kind, at, ...content } = fact;
    // A digest stands for a message, of which nothing but its texts is to be forgotten.
    const stored = fact.kind === 'unknown' ? this.#erasures.stripUnknown(fact.content) : content;
    this.#database
      .prepare('INSERT INTO activity(at, kind, source, content) VALUES(?, ?, ?, ?)')
      .run(at, kind, source, JSON.stringify(stored));
  }

  #saveMessages({ messages, tallies }: Additions): void {
    if (messages.size === 0) return;
    const byId = new Map([...messages.values()].map((news) => [idBytes(news.id).toString('hex'), news]));
    const known = this.#rows.find([...byId.keys()]);
    for (const [hex, news] of byId) {
      const old = known.get(hex);
      const row = this.#rowOf(news, old, Buffer.from(hex, 'hex'));
      const n = this.#save(row, old);
      if (old?.state === row.state && old.n === n) continue;
      if (old !== undefined) tallies.addMessage(old.group, old.state, acceptedAt(old.n), -1);
      tallies.addMessage(row.group, row.state, acceptedAt(n), 1);
    }
  }

  /** The message as it is now. */
  #rowOf(news: News, old: MessageRow | undefined, id: Buffer): MessageRow {
    const isErased = old?.isErased ?? this.#erasures.has(news.id);
    const facts = [...(old?.facts ?? []), ...(isErased ? news.facts.map(withoutAnswer) : news.facts)];
    const { reference } = news;
    const accepted = reference?.accepted ?? Math.min(...facts.map(([, at]) => at));
    return {
      // It was stored by the time of another fact, if none has said when it was accepted.
      n: old === undefined || (old.key === null && reference !== undefined) ? messageNumber(accepted, id) : old.n,
      id,
      group: old?.group ?? news.group,
      type: old?.type ?? (reference === undefined ? null : this.#interned.name(reference.type)),
      action: old?.action ?? (reference?.action === undefined ? null : this.#interned.name(reference.action)),
      key: old?.key ?? (reference === undefined ? null : this.#interned.key(reference)),
      ...(isErased ? NO_TEXTS : textsOf(news, old)),
      state: stateOf(facts),
      isErased,
      facts,
    };
  }

  #save(row: MessageRow, old: MessageRow | undefined): number {
    if (old === undefined) return this.#rows.insert(row);
    if (old.n !== row.n) {
      this.#rows.delete(old);
      return this.#rows.insert(row);
    }
    if (isSame(row, old)) this.#rows.updateState(row);
    else this.#rows.replace(old, row);
    return row.n;
  }
}

const textsOf = ({ reference, accepted }: News, old: MessageRow | undefined): Texts => ({
  alert: old?.alert ?? reference?.alert ?? null,
  severity: old?.severity ?? accepted?.severity ?? null,
  source: old?.source ?? accepted?.source ?? null,
  summary: old?.summary ?? accepted?.summary ?? null,
});

/** Whether nothing but its facts and its state changed. */
const isSame = (row: MessageRow, old: MessageRow): boolean =>
  row.type === old.type &&
  row.action === old.action &&
  row.key === old.key &&
  row.alert === old.alert &&
  row.severity === old.severity &&
  row.source === old.source &&
  row.summary === old.summary;
