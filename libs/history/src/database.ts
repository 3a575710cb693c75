import Libsql from 'libsql';

export type Value = string | number | Buffer | null;
export type Row = readonly Value[];

/** A prepared statement. */
export interface Statement {
  /** How many rows it changed. */
  run(...values: readonly Value[]): number;
  rows(...values: readonly Value[]): readonly Row[];
}

/** An SQLite database. Every number is bound as a real: it becomes an integer by the affinity of a column only. */
export class HistoryDatabase {
  readonly #database;
  readonly #prepared = new Map<string, Statement>();

  /** @throws if it is no database, or is damaged */
  constructor(file: string) {
    this.#database = new Libsql(file);
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Prepares it once. */
  prepare(sql: string): Statement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#prepare(sql);
    this.#prepared.set(sql, statement);
    return statement;
  }

  #prepare(sql: string): Statement {
    const statement = this.#database.prepare(sql);
    // Rows as arrays; a statement without rows refuses to be asked for that.
    if (statement.reader) statement.raw();
    return {
      // As one array: a single object would be taken for named parameters.
      run: (...values) => statement.run([...values]).changes,
      rows: (...values) => statement.all([...values]).filter(isRow),
    };
  }

  /** Everything in it, or nothing. */
  transaction<Result>(change: () => Result): Result {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = change();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      this.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }
}

const isRow = (row: unknown): row is Row => Array.isArray(row);

/** @throws TypeError if the column has no number */
export function numberAt(row: Row | undefined, column: number): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new TypeError(`column ${column} is no number`);
  return value;
}

export function textAt(row: Row | undefined, column: number): string | undefined {
  const value = row?.[column];
  return typeof value === 'string' ? value : undefined;
}

/** @throws TypeError if the column has no bytes */
export function bytesAt(row: Row | undefined, column: number): Buffer {
  const value = row?.[column];
  if (!Buffer.isBuffer(value)) throw new TypeError(`column ${column} has no bytes`);
  return value;
}
