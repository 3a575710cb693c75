import { type DeadLetter } from '@pdaltagent/messaging';
import { CliError } from '../terminal';

/** Which dead letters, or events in the quarantine, a command acts on. */
export type Selection =
  | { readonly kind: 'ids'; readonly ids: ReadonlySet<string> }
  | { readonly kind: 'all' }
  /** The routing key, or at least its last four characters, as shown in the list. */
  | { readonly kind: 'key'; readonly key: string };

const SHORTEST_KEY = 4;

/** @throws CliError unless exactly one of the three is given */
export function selectionOf(
  ids: readonly string[],
  { all = false, key }: { readonly all?: boolean | undefined; readonly key?: string | undefined },
  what = 'dead letters',
): Selection {
  const ways = [ids.length > 0, all, key !== undefined].filter(Boolean).length;
  if (ways !== 1) throw new CliError(`select the ${what} with ids, --key or --all (exactly one of them)`, 2);
  if (all) return { kind: 'all' };
  if (key === undefined) return { kind: 'ids', ids: new Set(ids) };
  const end = key.replace(/^…/, '');
  if (end.length < SHORTEST_KEY)
    throw new CliError(`--key must be the key, or at least its last ${SHORTEST_KEY} characters`, 2);
  return { kind: 'key', key: end };
}

/** Decides for each dead letter whether it is selected, and records which ids were found. */
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

  /** Requested ids that were not found. */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  /** @throws CliError if --key matches several keys */
  checkKey(): void {
    if (this.#keys.size > 1)
      throw new CliError(`--key matches ${this.#keys.size} different keys: pass the complete key`, 2);
  }
}
