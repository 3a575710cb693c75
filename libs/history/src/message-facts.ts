import { type Fact } from '@pdaltagent/journal';

/** A fact about one message. */
export type MessageFact = Extract<Fact, { readonly id: string }>;
export type MessageFactKind = MessageFact['kind'];

// Both lists are part of the file's format: only ever add at the end.
export const MESSAGE_FACT_KINDS = [
  'accepted',
  'attempted',
  'delivered',
  'repeated',
  'dead-lettered',
  'quarantined',
  'discarded',
  'expired',
  'replayed',
] as const satisfies readonly MessageFactKind[];

const DETAILS = [
  'attempt',
  'status',
  'ms',
  'bytes',
  'outcome',
  'reason',
  'answer',
  'problem',
  'from',
  'by',
  'why',
  'limit',
  'as',
  'lane',
  'token',
] as const;
type DetailName = (typeof DETAILS)[number];

/** What a fact says beside what is known of its message; texts, and numbers of attempts, bytes, milliseconds. */
export type FactDetails = { readonly [Name in DetailName]?: string | number };

const KIND_CODES: ReadonlyMap<string, number> = new Map(MESSAGE_FACT_KINDS.map((kind, code) => [kind, code]));
const DETAIL_CODES: ReadonlyMap<string, number> = new Map(DETAILS.map((name, code) => [name, code]));
const DETAIL_NAMES: readonly string[] = DETAILS;

/** What an erased message's facts lose. */
const ANSWER = DETAIL_CODES.get('answer');

/**
 * A fact as the index stores it: its kind, its time, the number of its process, its place among the facts of that process, and then the
 * code and value of each detail.
 */
export type StoredFact = readonly [
  kind: number,
  at: number,
  source: number,
  place: number,
  ...details: readonly (string | number)[],
];

/** More facts than this are in no batch. */
const PLACES = 4096;

export const isMessageFact = (fact: { readonly kind: string }): fact is MessageFact => KIND_CODES.has(fact.kind);

export interface Origin {
  /** The number of the process that wrote the fact. */
  readonly source: number;
  /** Of its batch. */
  readonly sequence: number;
  /** Its index in the batch. */
  readonly index: number;
}

export function storedFact(fact: MessageFact, { source, sequence, index }: Origin): StoredFact {
  const details: (string | number)[] = [];
  const all: Readonly<Record<string, unknown>> = { ...fact };
  for (const name in all) {
    const code = DETAIL_CODES.get(name);
    const value = all[name];
    if (code !== undefined && (typeof value === 'string' || typeof value === 'number')) details.push(code, value);
  }
  return [KIND_CODES.get(fact.kind) ?? 0, fact.at, source, sequence * PLACES + index, ...details];
}

/** Without what may say something about a person. */
export function withoutAnswer([kind, at, source, place, ...details]: StoredFact): StoredFact {
  const kept = details.filter((_, index) => details[index - (index % 2)] !== ANSWER);
  return [kind, at, source, place, ...kept];
}

export const kindOf = ([code]: StoredFact): MessageFactKind | undefined => MESSAGE_FACT_KINDS[code];

export const originOf = ([, , source, place]: StoredFact): Origin => ({
  source,
  sequence: Math.floor(place / PLACES),
  index: place % PLACES,
});

export function detailsOf([, , , , ...details]: StoredFact): FactDetails {
  const pairs: [string, string | number][] = [];
  for (let index = 0; index + 1 < details.length; index += 2) {
    const [code, value] = [details[index], details[index + 1]];
    const name = typeof code === 'number' ? DETAIL_NAMES[code] : undefined;
    if (name !== undefined && value !== undefined) pairs.push([name, value]);
  }
  return Object.fromEntries(pairs);
}

/** @param accepted what the times are stored relative to, because short numbers take little space */
export const encodeFacts = (facts: readonly StoredFact[], accepted: number): string =>
  JSON.stringify(facts.map(([kind, at, ...others]) => [kind, at - accepted, ...others]));

/** @throws TypeError if the text was not written by `encodeFacts` */
export function decodeFacts(text: string, accepted: number): StoredFact[] {
  const facts: unknown = JSON.parse(text);
  if (!Array.isArray(facts)) throw new TypeError('the stored facts are no list');
  return facts.map((fact: unknown) => {
    if (!isStored(fact)) throw new TypeError('a stored fact is not readable');
    const [kind, after, ...others] = fact;
    return [kind, after + accepted, ...others];
  });
}

function isStored(fact: unknown): fact is StoredFact {
  if (!Array.isArray(fact)) return false;
  const values: readonly unknown[] = fact;
  return (
    values.length >= 4 &&
    values.every((value, index) => typeof value === 'number' || (index > 3 && typeof value === 'string'))
  );
}
