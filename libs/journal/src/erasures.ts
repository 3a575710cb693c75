import { createHash } from 'node:crypto';
import { type Fact, type FactOf, type UnknownFact } from './fact';

const DIGEST_CHARACTERS = 22;

/** What stands for a message id in an `erased` fact. */
export function erasureDigestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, DIGEST_CHARACTERS);
}

/** The messages of which nothing personal must be shown or kept any more. */
export class Erasures {
  readonly #digests = new Set<string>();

  /** Number of messages. */
  get size(): number {
    return this.#digests.size;
  }

  add({ digests }: Pick<FactOf<'erased'>, 'digests'>): void {
    for (const digest of digests) this.#digests.add(digest);
  }

  has(id: string): boolean {
    return this.#digests.size > 0 && this.#digests.has(erasureDigestOf(id));
  }

  /** The fact as it may be shown: without what is personal, if its message is erased. */
  applyTo<Any extends Fact | UnknownFact>(fact: Any): Any | Fact | UnknownFact {
    const id = idOf(fact);
    return id !== undefined && this.has(id) ? withoutPersonalData(fact) : fact;
  }
}

/** The id of the message that the fact is about. */
function idOf(fact: Fact | UnknownFact): string | undefined {
  const { id } = fact.kind === 'unknown' ? fact.content : 'id' in fact ? fact : {};
  return typeof id === 'string' ? id : undefined;
}

/** What an unknown fact keeps: nobody can say what else in it is personal. */
const KEPT_OF_UNKNOWN: ReadonlySet<string> = new Set(['kind', 'at', 'group', 'id', 'type']);

type Editable<Of> = { -readonly [Field in keyof Of]: Of[Field] };

/** Keeps ids, kinds, times and numbers, so that counts stay right. */
export function withoutPersonalData(fact: Fact | UnknownFact): Fact | UnknownFact {
  switch (fact.kind) {
    case 'unknown': {
      const kept = Object.entries(fact.content).filter(([name]) => KEPT_OF_UNKNOWN.has(name));
      return { ...fact, content: Object.fromEntries(kept) };
    }
    case 'accepted': {
      const shown: Editable<typeof fact> = { ...fact };
      delete shown.alert;
      delete shown.severity;
      delete shown.source;
      delete shown.summary;
      return shown;
    }
    case 'attempted':
    case 'dead-lettered': {
      const shown: Editable<typeof fact> = { ...fact };
      delete shown.alert;
      delete shown.answer;
      return shown;
    }
    case 'delivered':
    case 'repeated':
    case 'quarantined': {
      const shown: Editable<typeof fact> = { ...fact };
      delete shown.alert;
      return shown;
    }
    default:
      return fact;
  }
}
