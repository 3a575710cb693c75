import { type FactGroup, MESSAGE_STATES, type MessageState } from '@pdaltagent/journal';
import { type FoundMessage } from './answers';
import { bytesAt, numberAt, type Row, textAt } from './database';
import { GROUPS } from './interned';
import { decodeFacts, detailsOf, isMessageFact, kindOf, type MessageFact, type StoredFact } from './message-facts';
import { acceptedAt, idOf } from './message-number';
import { progressOf } from './message-state';

/** What `messageRecord` reads, with its tables. */
export const RECORD_SELECTION = `m.n, m.id, m.grp, (SELECT name FROM names WHERE names.n = m.type),
  (SELECT name FROM names WHERE names.n = m.action), (SELECT keys.key FROM keys WHERE keys.n = m.key),
  (SELECT digest FROM keys WHERE keys.n = m.key), m.alert, m.severity, m.source, m.summary, m.state, m.erased, m.facts`;
export const RECORD_COLUMNS = `${RECORD_SELECTION} FROM messages m`;

/** A message with its texts instead of their numbers. */
export interface MessageRecord {
  readonly n: number;
  readonly id: string;
  readonly group: FactGroup;
  readonly state: MessageState;
  readonly isErased: boolean;
  readonly texts: Readonly<Record<string, string>>;
  readonly facts: readonly StoredFact[];
}

const TEXTS = { type: 3, action: 4, key: 5, digest: 6, alert: 7, severity: 8, source: 9, summary: 10 } as const;

export function messageRecord(row: Row): MessageRecord {
  const n = numberAt(row, 0);
  const texts = Object.entries(TEXTS).flatMap(([name, column]) => {
    const text = textAt(row, column);
    // A webhook has no digest.
    return text === undefined || (name === 'digest' && text === '') ? [] : [[name, text] as const];
  });
  return {
    n,
    id: idOf(bytesAt(row, 1)),
    group: GROUPS[numberAt(row, 2)] ?? 'events',
    texts: Object.fromEntries(texts),
    state: MESSAGE_STATES[numberAt(row, 11)] ?? 'waiting',
    isErased: numberAt(row, 12) === 1,
    facts: decodeFacts(textAt(row, 13) ?? '[]', acceptedAt(n)),
  };
}

export const foundMessage = ({ n, id, group, state, isErased, texts, facts }: MessageRecord): FoundMessage => ({
  id,
  group,
  state,
  accepted: acceptedAt(n),
  isErased,
  ...texts,
  ...progressOf(facts),
});

/** Only facts of operators do not say whose message it is. */
const WITHOUT_REFERENCE: ReadonlySet<string> = new Set(['discarded', 'expired', 'replayed']);

/** The fact as it was recorded, with what all facts of its message say. */
export function factOf(stored: StoredFact, message: FoundMessage): MessageFact {
  const { group, id, type, action, key, digest, alert, accepted, severity, source, summary } = message;
  const kind = kindOf(stored) ?? 'repeated';
  const reference = WITHOUT_REFERENCE.has(kind) ? {} : { type, action, key, digest, alert, accepted };
  const texts = kind === 'accepted' ? { severity, source, summary } : {};
  const all = { kind, at: stored[1], group, id, ...reference, ...texts, ...detailsOf(stored) };
  const fact = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  if (!isRestored(fact)) throw new TypeError('the index has a fact of an unknown kind');
  return fact;
}

/** It was written from a fact of that kind: nothing else needs to be checked. */
const isRestored = (fact: Readonly<Record<string, unknown>>): fact is MessageFact & Record<string, unknown> =>
  typeof fact.kind === 'string' && isMessageFact({ kind: fact.kind });
