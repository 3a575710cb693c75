import { type Detector, RANK, type Span } from '../detector';
import { addressTail, hasAddressContext, hasPostcode, UNIT_BEFORE } from '../address-parts';
import { type ScanContext } from '../scan-context';
import {
  COMMON_NAMES,
  NAME_WORDS,
  PLAIN_TYPES,
  RARE_TYPES,
  SHORT_TYPES,
  STOP_WORDS,
  STRONG_TYPES,
  TECHNICAL_WORDS,
} from '../street-words';

/** A house number: digits with a letter, a range or a half, not part of anything longer. */
const NUMBER =
  /(?:(?<![\w.,:/#$€£@+=-]|[\d] )|(?<=(?<!\p{L})(?:[Ff]lat|[Ss]tudio|[Aa]pt|[Aa]partment|[Uu]nit|[Ss]uite) \d{1,4}[A-Za-z]?,? ))(?:\d{1,6}[A-Za-z]?(?:[-/]\d{1,5})?)(?: 1\/2)?(?=,? {1,2}[\p{L}\d])/gu;
const KEYED_NUMBER = /(?<==["']?)\d{1,6}[A-Za-z]?(?=,? {1,2}[\p{L}\d])/gu;
const WORD = /,? {1,2}((?:\p{L}|\d{1,3}(?:st|nd|rd|th)\b)[\p{L}\p{M}'’-]{0,30})(\.?)/uy;
/** Up to four names, a place, and a British postcode, or a US state and ZIP code. */
const UNTYPED =
  /(?: [\p{Lu}][\p{L}'’-]{1,20}){1,4},(?: [\p{Lu}][\p{L}.'’-]{1,20}){0,3},? (?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]{2},? \d{5}(?:-\d{4})?)(?![\p{L}\d-])/uy;
/** What has a number of its own: `Chapter 4 The Way it fails`. */
const NUMBERED_THING = /(?<![a-z])(?:chapter|section|appendix|figure|table|page|part|phase|step|stage|level|rack) $/i;
const MAX_NAME_WORDS = 5;

interface Street {
  readonly end: number;
  readonly names: readonly string[];
  readonly type: string;
}

/** The longest street name and type after a house number: up to five words without stop words. */
function streetAfter(text: string, numberEnd: number, commaAllowed: boolean): Street | undefined {
  const names: string[] = [];
  let end = 0;
  let named = 0;
  WORD.lastIndex = numberEnd;
  for (let count = 0; count <= MAX_NAME_WORDS; count += 1) {
    const start = WORD.lastIndex;
    const match = WORD.exec(text);
    const word = match?.[1] ?? '';
    const lower = word.toLowerCase();
    if (match === null || (STOP_WORDS.has(lower) && !(word !== lower && NAME_WORDS.has(lower)))) break;
    if (text[start] === ',' && !(count === 0 && commaAllowed)) break;
    if (count > 0 && typeStrength(lower) > 0) [end, named] = [WORD.lastIndex - (match[2] ?? '').length, count];
    names.push(word);
  }
  return end === 0 ? undefined : { end, names: names.slice(0, named), type: names[named] ?? '' };
}

/** Names after a house number that an unmistakable postcode identifies as a street: `5 Station Approach, Woking GU22 7UY`. */
function postalStreet(text: string, numberEnd: number): number | undefined {
  UNTYPED.lastIndex = numberEnd;
  return UNTYPED.test(text) ? UNTYPED.lastIndex : undefined;
}

/** Evidence: 3 for an unambiguous type, 2 for an abbreviation, 1.5 for a plain word, 1 for a rare type, 0 for none. */
function typeStrength(word: string): number {
  if (STRONG_TYPES.has(word)) return 3;
  if (SHORT_TYPES.has(word)) return 2;
  if (PLAIN_TYPES.has(word)) return 1.5;
  if (RARE_TYPES.has(word)) return 1;
  return word.endsWith('s') && word.length > 4 && typeStrength(word.slice(0, -1)) > 0 ? 1 : 0;
}

function isTechnical(name: string): boolean {
  return TECHNICAL_WORDS.has(name) || TECHNICAL_WORDS.has(`${name}s`);
}

/** Whether the words are a street and not a count. `goesOn`: another capitalized word follows. */
function isStreet(street: Street, goesOn: boolean, inContext: () => boolean): boolean {
  const type = street.type.toLowerCase();
  const strength = typeStrength(type);
  const lower = street.names.map((name) => name.toLowerCase());
  const first = lower[0] ?? '';
  // Infinite Loop is Apple's address, and an infinite loop a bug.
  if (first === 'infinite' && type === 'loop') return street.type === 'Loop' || inContext();
  const words = [...street.names, street.type];
  const asName =
    words.every((word) => /^[\p{Lu}\d]/u.test(word)) && !words.every((word) => word === word.toUpperCase());
  const doubtful = lower.some((name) => isTechnical(name) && !(strength >= 2 && COMMON_NAMES.has(name)));
  if (strength >= 2 && asName && (!doubtful || inContext())) return true;
  if (
    doubtful &&
    lower.some((name) => isTechnical(name) && !(COMMON_NAMES.has(name) && (strength >= 2 || inContext())))
  )
    return false;
  const common = lower.length === 1 && (COMMON_NAMES.has(first) || /^\d/.test(first));
  const small =
    lower.length <= 2 && words.every((word, index) => word === lower[index] || word === type) && !first.endsWith('s');
  if (strength >= 3 && (asName || common || small)) return true;
  if (strength >= 2 && (asName || common)) return true;
  return (strength >= 1.5 && asName && !goesOn) || inContext();
}

function addressAt(context: ScanContext, number: Span): Span | undefined {
  const { text } = context;
  const before = text.slice(Math.max(0, number.start - 14), number.start);
  const unit = UNIT_BEFORE.exec(before)?.[0] ?? '';
  const inUnit = /^(?:flat|studio|apt|unit|suite) ?$/i.test(unit);
  if (NUMBERED_THING.test(before)) return undefined;
  const street = streetAfter(text, number.end, inUnit);
  if (street === undefined) {
    const end = postalStreet(text, number.end);
    return end === undefined ? undefined : { start: number.start - unit.length, end };
  }
  const end = addressTail(text, street.end);
  const inContext = (): boolean => hasAddressContext(context, number.start, end);
  if (
    !hasPostcode(text.slice(street.end, end)) &&
    !isStreet(street, /^ \p{Lu}\p{L}/u.test(text.slice(end, end + 3)), inContext)
  )
    return undefined;
  return { start: number.start - unit.length, end };
}

export const streetAddress: Detector = {
  name: 'street-address',
  kind: 'STREET_ADDRESS',
  rank: RANK.place,
  patterns: [NUMBER, KEYED_NUMBER, WORD, UNTYPED],
  needs: (traits) => traits.digits > 0 && traits.space,
  scan: (context) => {
    const spans: Span[] = [];
    for (const pattern of [NUMBER, KEYED_NUMBER]) {
      pattern.lastIndex = 0;
      for (let match = pattern.exec(context.text); match !== null; match = pattern.exec(context.text)) {
        const span = addressAt(context, { start: match.index, end: match.index + match[0].length });
        if (span !== undefined) spans.push(span);
        pattern.lastIndex = Math.max(span?.end ?? 0, match.index + match[0].length);
      }
    }
    return spans;
  },
  examples: {
    matches: [
      { text: 'moved to 742 Evergreen Terrace last week', found: '742 Evergreen Terrace' },
      { text: 'at 221B Baker Street, London', found: '221B Baker Street' },
      { text: 'parcel for 350 Fifth Ave Apt 12 returned', found: '350 Fifth Ave Apt 12' },
      { text: 'ship to 17 n harbour view', found: '17 n harbour view' },
      { text: 'from 5 Palmer isle, Port Hughes, W1U 0DG now', found: '5 Palmer isle, Port Hughes, W1U 0DG' },
      { text: 'to 12 Smith St, Springfield, IL 62704.', found: '12 Smith St, Springfield, IL 62704' },
      { text: '9 Hill Court', key: 'street', found: '9 Hill Court' },
    ],
    ignores: [
      '50 errors in product',
      '40 alerts in the past hour',
      '3 nodes lost',
      '4 hot spare drive bays',
      '2 Hard Drive failures',
      'detected 1 infinite loop',
      '10 gigabit port',
      '5 jobs on fast lane',
      '404 Not Found Way',
      'v2.3 Main Street'.replace(' Main Street', ''),
      '3 replicas in dr',
      'Chapter 4 The Way it fails',
    ],
  },
};
