import { type FactBatch, type FactSource } from '@pdaltagent/journal';
import { type HistoryDatabase, numberAt, textAt } from './database';

/**
 * Sequences of batches that have not arrived, both inclusive; and the time of the first fact after them, milliseconds since 1970. Those
 * from 0 on are before the first one that was read: the stream may have dropped them long ago.
 */
type Missing = readonly [from: number, to: number, before: number];

/** Batches of a process that never arrived: it was killed, or dropped them, or the stream lost them. */
export interface MissingBatches {
  readonly source: FactSource;
  readonly batches: number;
  /** When the next one was written; milliseconds since 1970. */
  readonly before: number;
}

interface State {
  readonly n: number;
  next: number;
  missing: readonly Missing[];
}

/** Processes whose state is kept in memory; each lives for days. */
const CACHED = 1_000;

/** The processes that wrote facts, and which of their batches the index has: each is stored once, however often it arrives. */
export class Sources {
  readonly #database: HistoryDatabase;
  readonly #states = new Map<string, State>();
  readonly #changed = new Set<State>();

  constructor(database: HistoryDatabase) {
    this.#database = database;
  }

  /** @returns the number of its process; undefined if the index has the batch already */
  add({ source, sequence, facts }: FactBatch): number | undefined {
    const state = this.#stateOf(source);
    const at = facts[0]?.at ?? 0;
    if (sequence >= state.next) {
      if (sequence > state.next) state.missing = [...state.missing, [state.next, sequence - 1, at]];
      state.next = sequence + 1;
    } else {
      const late = state.missing.find(([from, to]) => from <= sequence && sequence <= to);
      if (late === undefined) return undefined;
      state.missing = state.missing.flatMap((missing) =>
        missing === late ? without(missing, sequence, at) : [missing],
      );
    }
    this.#changed.add(state);
    return state.n;
  }

  save(): void {
    const update = this.#database.prepare('UPDATE sources SET next = ?, missing = ? WHERE n = ?');
    for (const { n, next, missing } of this.#changed) update.run(next, JSON.stringify(missing), n);
    this.#changed.clear();
  }

  /** After a transaction that was undone. */
  forget(): void {
    this.#states.clear();
    this.#changed.clear();
  }

  #stateOf({ instance, service, host }: FactSource): State {
    const known = this.#states.get(instance);
    if (known !== undefined) return known;
    if (this.#states.size >= CACHED) {
      this.save();
      this.#states.clear();
    }
    this.#database
      .prepare(
        `INSERT INTO sources(instance, service, host, next, missing) VALUES(?, ?, ?, 0, '[]') ON CONFLICT DO NOTHING`,
      )
      .run(instance, service, host);
    const [row] = this.#database.prepare('SELECT n, next, missing FROM sources WHERE instance = ?').rows(instance);
    const state = { n: numberAt(row, 0), next: numberAt(row, 1), missing: missingIn(textAt(row, 2)) };
    this.#states.set(instance, state);
    return state;
  }
}

const without = ([from, to, before]: Missing, sequence: number, at: number): Missing[] => {
  const parts: Missing[] = [
    [from, sequence - 1, at],
    [sequence + 1, to, before],
  ];
  return parts.filter(([first, last]) => first <= last);
};

function missingIn(text = '[]'): Missing[] {
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.filter(isMissing) : [];
}

const isMissing = (value: unknown): value is Missing =>
  Array.isArray(value) && value.length === 3 && value.every((part) => typeof part === 'number');

export function missingBatches(database: HistoryDatabase): readonly MissingBatches[] {
  const rows = database
    .prepare(`SELECT service, host, instance, missing FROM sources WHERE missing <> '[]' ORDER BY n`)
    .rows();
  return rows.flatMap((row) => {
    const source = { service: textAt(row, 0) ?? '', host: textAt(row, 1) ?? '', instance: textAt(row, 2) ?? '' };
    const between = missingIn(textAt(row, 3)).filter(([from]) => from > 0);
    return between.map(([from, to, before]) => ({ source, batches: to - from + 1, before }));
  });
}
