import { type FactGroup, type MessageReference } from '@pdaltagent/journal';
import { type HistoryDatabase, numberAt } from './database';

/** More would only be needed if senders made names up. */
const CACHED = 20_000;

export const GROUPS = ['events', 'webhooks'] as const satisfies readonly FactGroup[];
export const groupNumber = (group: FactGroup): number => GROUPS.indexOf(group);

/** Texts that many messages share, each stored once: types, actions, routing keys. */
export class Interned {
  readonly #database: HistoryDatabase;
  readonly #names = new Map<string, number>();
  readonly #keys = new Map<string, number>();

  constructor(database: HistoryDatabase) {
    this.#database = database;
  }

  name(name: string): number {
    return cached(this.#names, name, () => {
      this.#database.prepare('INSERT INTO names(name) VALUES(?) ON CONFLICT DO NOTHING').run(name);
      return numberAt(this.#database.prepare('SELECT n FROM names WHERE name = ?').rows(name)[0], 0);
    });
  }

  key({ group, key, digest = '' }: Pick<MessageReference, 'group' | 'key' | 'digest'>): number {
    return cached(this.#keys, `${group} ${digest} ${key}`, () => {
      const values = [groupNumber(group), key, digest];
      this.#database
        .prepare('INSERT INTO keys(grp, key, digest) VALUES(?, ?, ?) ON CONFLICT DO NOTHING')
        .run(...values);
      const found = this.#database
        .prepare('SELECT n FROM keys WHERE grp = ? AND key = ? AND digest = ?')
        .rows(...values);
      return numberAt(found[0], 0);
    });
  }

  /** After a transaction that was undone. */
  forget(): void {
    this.#names.clear();
    this.#keys.clear();
  }
}

function cached(cache: Map<string, number>, name: string, find: () => number): number {
  const known = cache.get(name);
  if (known !== undefined) return known;
  if (cache.size >= CACHED) cache.clear();
  const found = find();
  cache.set(name, found);
  return found;
}
