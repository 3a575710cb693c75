import { type Detector, RANK, type Span } from '../detector';

/** Object keys whose value is a person's name. */
const NAME_KEY =
  /(?:^|[ .])(?:(?:full|first|last|given|family|middle|display|customer|contact|client|employee|patient|account ?holder|card ?holder|reporter|requester|assignee) ?name|surname|forename|vorname|nachname|cardholder|account holder)$/;
/** Up to four capitalized words. */
const NAME = /^\p{Lu}[\p{L}\p{M}'’.-]{0,30}(?: \p{Lu}[\p{L}\p{M}'’.-]{0,30}){0,3}$/u;
const LETTER_OR_DIGIT = /[\p{L}\p{N}]/u;
/** Shorter names are too often part of something else. */
const MIN_NAME_LENGTH = 3;
const MAX_NAMES = 100;

const kind = 'PERSON';
const rank = RANK.optional + 3;

/** Names of people, if the object key says so. */
export const person: Detector = {
  name: 'person',
  kind,
  rank,
  optional: true,
  patterns: [NAME_KEY, NAME],
  needs: () => true,
  scan: ({ text, keyWords }) =>
    keyWords !== '' && NAME_KEY.test(keyWords) && NAME.test(text) ? [{ start: 0, end: text.length }] : [],
  examples: {
    matches: [
      { text: 'Grace Hopper', key: 'customerName', found: 'Grace Hopper' },
      { text: 'Åse', key: 'first_name', found: 'Åse' },
    ],
    ignores: [
      'Grace Hopper',
      { text: 'Grace Hopper', key: 'hostname' },
      { text: 'db-07', key: 'display_name' },
      { text: 'Checkout database is slow today again', key: 'display_name' },
    ],
  },
};

/** Finds these names as whole words. */
export function personsNamed(names: readonly string[]): Detector {
  return {
    ...person,
    needs: () => true,
    scan: ({ text }) => names.flatMap((name) => mentionsOf(name, text)),
  };
}

function mentionsOf(name: string, text: string): Span[] {
  const spans: Span[] = [];
  for (let start = text.indexOf(name); start >= 0; start = text.indexOf(name, start + name.length)) {
    const end = start + name.length;
    if (!LETTER_OR_DIGIT.test(text[start - 1] ?? '') && !LETTER_OR_DIGIT.test(text[end] ?? ''))
      spans.push({ start, end });
  }
  return spans;
}

/** The names of PagerDuty users in a webhook: of objects of type `user` or `user_reference`. */
export function userNamesIn(webhook: unknown): readonly string[] {
  const names = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const members = new Map<string, unknown>(Object.entries(value));
    if (/^user(?:_reference)?$/.test(String(members.get('type')))) {
      for (const name of [members.get('summary'), members.get('name')]) {
        if (typeof name === 'string' && name.length >= MIN_NAME_LENGTH && !name.includes('{{')) names.add(name);
      }
    }
    for (const member of members.values()) visit(member);
  };
  visit(webhook);
  return [...names].slice(0, MAX_NAMES);
}
