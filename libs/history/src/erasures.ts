import { erasureDigestOf, type FactOf } from '@pdaltagent/journal';
import { type HistoryDatabase, numberAt, textAt } from './database';
import { withoutAnswer } from './message-facts';
import { type MessageRow, type MessageRows, NO_TEXTS } from './message-rows';

type Content = Readonly<Record<string, unknown>>;

/** Which messages are erased: what is known of them loses its texts, and so does what arrives later. */
export class Erasures {
  readonly #database: HistoryDatabase;
  readonly #rows: MessageRows;
  #digests: Set<string> | undefined;
  #isNew = new Set<string>();

  constructor(database: HistoryDatabase, rows: MessageRows) {
    this.#database = database;
    this.#rows = rows;
  }

  add({ digests, at }: FactOf<'erased'>): void {
    const known = this.#known();
    for (const digest of digests) {
      if (known.has(digest)) continue;
      known.add(digest);
      this.#isNew.add(digest);
      this.#database.prepare('INSERT INTO erasures(digest, at) VALUES(?, ?) ON CONFLICT DO NOTHING').run(digest, at);
    }
  }

  has(id: string): boolean {
    const known = this.#known();
    return known.size > 0 && known.has(erasureDigestOf(id));
  }

  /** A fact of a newer release may be about a message, and have texts. */
  stripUnknown(content: Content): Content {
    const { id, kind, version } = content;
    return typeof id === 'string' && this.has(id) ? { id, kind, version } : content;
  }

  /**
   * Erases what the index has already.
   * @returns whether there was anything new to erase
   */
  apply(): boolean {
    if (this.#isNew.size === 0) return false;
    const digests = this.#isNew;
    this.#isNew = new Set();
    for (const digest of digests) for (const row of this.#rows.findErased(digest)) this.#erase(row);
    this.#eraseUnknown();
    return true;
  }

  /** After a transaction that was undone. */
  forget(): void {
    this.#digests = undefined;
    this.#isNew.clear();
  }

  #erase(old: MessageRow): void {
    const facts = old.facts.map(withoutAnswer);
    this.#rows.replace(old, { ...old, ...NO_TEXTS, facts, isErased: true });
  }

  #eraseUnknown(): void {
    const rows = this.#database.prepare(`SELECT n, content FROM activity WHERE kind = 'unknown'`).rows();
    for (const row of rows) {
      const content: unknown = JSON.parse(textAt(row, 1) ?? '{}');
      if (!isContent(content)) continue;
      const stripped = this.stripUnknown(content);
      if (stripped === content) continue;
      this.#database
        .prepare('UPDATE activity SET content = ? WHERE n = ?')
        .run(JSON.stringify(stripped), numberAt(row, 0));
    }
  }

  #known(): Set<string> {
    if (this.#digests !== undefined) return this.#digests;
    const rows = this.#database.prepare('SELECT digest FROM erasures').rows();
    this.#digests = new Set(rows.map((row) => textAt(row, 0) ?? ''));
    return this.#digests;
  }
}

const isContent = (value: unknown): value is Content =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
