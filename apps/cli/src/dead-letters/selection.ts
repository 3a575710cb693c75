import { type DeadLetter } from '@pdaltagent/messaging';
import { Failure } from '../terminal';

/** Which dead letters, or events in the quarantine, a command acts on. */
export type Selection =
  | { readonly kind: 'ids'; readonly ids: ReadonlySet<string> }
  | { readonly kind: 'all' }
  /** The routing key, or its end of at least four characters, as the list shows it. */
  | { readonly kind: 'key'; readonly key: string };

const SHORTEST_KEY = 4;

/** @throws Failure where the command line names none, or more than one of the three ways */
export function selectionOf(
  ids: readonly string[],
  { all = false, key }: { readonly all?: boolean | undefined; readonly key?: string | undefined },
  what = 'dead letters',
): Selection {
  const ways = [ids.length > 0, all, key !== undefined].filter(Boolean).length;
  if (ways !== 1) throw new Failure(`which ${what}? give ids, --key or --all, and only one of the three`, 2);
  if (all) return { kind: 'all' };
  if (key === undefined) return { kind: 'ids', ids: new Set(ids) };
  const end = key.replace(/^…/, '');
  if (end.length < SHORTEST_KEY)
    throw new Failure(`--key wants the key, or at least its last ${SHORTEST_KEY} characters`, 2);
  return { kind: 'key', key: end };
}

/** Tells of each letter whether it is meant, and remembers what came of it. */
export class Selector {
  readonly #keys = new Set<string>();
  readonly #missing: Set<string>;

  constructor(readonly selection: Selection) {
    this.#missing = new Set(selection.kind === 'ids' ? selection.ids : []);
  }

  matches({ id, message }: Pick<DeadLetter, 'id' | 'message'>): boolean {
    const { selection } = this;
    if (selection.kind === 'all') return true;
    if (selection.kind === 'ids') {
      this.#missing.delete(id);
      return selection.ids.has(id);
    }
    if (message?.routingKey.endsWith(selection.key) !== true) return false;
    this.#keys.add(message.routingKey);
    return true;
  }

  /** Ids that were asked for and not met. */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  /** @throws Failure where the end of a key fits several */
  checkKey(): void {
    if (this.#keys.size > 1) throw new Failure(`--key fits ${this.#keys.size} different keys: give the whole key`, 2);
  }
}
