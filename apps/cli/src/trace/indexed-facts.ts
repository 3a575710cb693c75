import { type Activity } from '@pdaltagent/history';
import { isMessageFact, type PlacedFact } from '@pdaltagent/journal';
import { type JournalIndex } from '../journal/journal-index';
import { type Missing } from '../journal/reader';
import { MOST_RELATED, RELATED, type RelatedFact } from './related-facts';

/** What is known of the facts that were found. */
export interface Known {
  /** There is nothing from before, although it was asked for; milliseconds since 1970. */
  readonly beginsAt: number | undefined;
  readonly missing: readonly Missing[];
  readonly isErased: (id: string) => boolean;
}

/** Adds the facts of a message or an alert, of those under whose ids they were replayed, and what may have delayed them. */
export async function addIndexed(
  index: JournalIndex,
  name: string,
  since: number,
  add: (placed: PlacedFact) => void,
): Promise<Known> {
  const ids = new Set([name]);
  for await (const { id, changedAt } of index.messages({ alert: name })) if (changedAt >= since) ids.add(id);
  const erased = new Set<string>();
  const added: PlacedFact[] = [];
  // Ids that are added meanwhile have their turn, too.
  for (const id of ids) {
    const found = await index.message(id);
    if (found === undefined) continue;
    if (found.message.isErased) erased.add(id);
    for (const placed of found.facts) {
      added.push(placed);
      if (isMessageFact(placed.fact) && placed.fact.kind === 'replayed' && placed.fact.as !== undefined)
        ids.add(placed.fact.as);
    }
  }
  for (const placed of added) add(placed);
  for (const activity of await index.activity([...RELATED], since, MOST_RELATED)) {
    const placed = placedAmong(added, activity);
    if (placed !== undefined) add(placed);
  }
  const { startsAt } = index;
  return {
    beginsAt: startsAt !== undefined && startsAt > since ? startsAt : undefined,
    missing: await index.missing(),
    isErased: (id) => erased.has(id),
  };
}

/** The index does not say where in its process such a fact stands: after what the process wrote before that time. */
function placedAmong(facts: readonly PlacedFact[], { at, kind, by, content }: Activity): PlacedFact | undefined {
  const fact = { ...content, at, kind };
  if (!isRestored(fact)) return undefined;
  const before = facts
    .filter((placed) => placed.source.instance === by.instance && placed.fact.at <= at)
    .reduce((last, { sequence, index }) => (isLater(sequence, index, last) ? { sequence, index } : last), BEFORE_ALL);
  return { fact, source: by, sequence: before.sequence, index: before.index + 0.5 };
}

const BEFORE_ALL = { sequence: -1, index: 0 };

const isLater = (sequence: number, index: number, than: typeof BEFORE_ALL): boolean =>
  sequence > than.sequence || (sequence === than.sequence && index > than.index);

/** It was written from a fact of that kind: nothing else needs to be checked. */
const isRestored = (fact: Readonly<Record<string, unknown>>): fact is RelatedFact & Record<string, unknown> =>
  typeof fact.kind === 'string' && RELATED.has(fact.kind);
