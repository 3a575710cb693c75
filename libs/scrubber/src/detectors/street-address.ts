import { type Detector, matchesAt, RANK, type Span } from '../detector';
import { addressTail, hasAddressContext, hasPostcode, UNIT_BEFORE } from '../address-parts';
import { type ScanContext } from '../scan-context';
import { COMMON_NAMES, isTechnical, NAME_WORDS, STOP_WORDS, typeStrength } from '../street-words';

/** A house number: digits with a letter, a range or a half, not part of anything longer. */
const NUMBER =
  /(?:(?<![\w.,:/#$€£@+=-]|[\d] )|(?<=(?<!\p{L})(?:[Ff]lat|[Ss]tudio|[Aa]pt|[Aa]partment|[Uu]nit|[Ss]uite) \d{1,4}[A-Za-z]?,? ))(?:\d{1,6}[A-Za-z]?(?:[-/]\d{1,5})?)(?: 1\/2)?(?=,? {1,2}[\p{L}\d])/gu;
const KEYED_NUMBER = /(?<==["']?)\d{1,6}[A-Za-z]?(?=,? {1,2}[\p{L}\d])/gu;
const WORD_GAP = /,? {1,2}/y;
const WORD = /(?:\p{L}|\d{1,3}(?:st|nd|rd|th)\b)[\p{L}\p{M}'’-]{0,30}/uy;
const CAPITALIZED = /^[\p{Lu}\d]/u;
const NEXT_NAME = / \p{Lu}\p{L}/uy;
/** Up to four names, a place, and a British postcode, or a US state and ZIP code. */
const UNTYPED =
  /(?: [\p{Lu}][\p{L}'’-]{1,20}){1,4},(?: [\p{Lu}][\p{L}.'’-]{1,20}){0,3},? (?:[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]{2},? \d{5}(?:-\d{4})?)(?![\p{L}\d-])/uy;
/** What has a number of its own: `Chapter 4 The Way it fails`. */
const NUMBERED_THING = /(?<![a-z])(?:chapter|section|appendix|figure|table|page|part|phase|step|stage|level|rack) $/i;
/** The unit of a house whose number follows. */
const IN_UNIT = /^(?:flat|studio|apt|unit|suite) ?$/i;
const MAX_NAME_WORDS = 5;

/** The names of a street and its type, the last word. */
interface Street {
  readonly end: number;
  readonly words: readonly string[];
  /** The words in lower case. */
  readonly lower: readonly string[];
}

/** The longest street name and type after a house number: up to five words without stop words. */
function streetAfter(text: string, numberEnd: number, commaAllowed: boolean): Street | undefined {
  const words: string[] = [];
  const lower: string[] = [];
  let position = numberEnd;
  let end = 0;
  let length = 0;
  for (let count = 0; count <= MAX_NAME_WORDS; count += 1) {
    if (text[position] === ',' && !(count === 0 && commaAllowed)) break;
    if (!matchesAt(WORD_GAP, text, position) || !matchesAt(WORD, text, WORD_GAP.lastIndex)) break;
    const word = text.slice(WORD_GAP.lastIndex, WORD.lastIndex);
    const inLower = word.toLowerCase();
    if (STOP_WORDS.has(inLower) && !(word !== inLower && NAME_WORDS.has(inLower))) break;
    words.push(word);
    lower.push(inLower);
    position = WORD.lastIndex;
    if (count > 0 && typeStrength(inLower) > 0) [end, length] = [position, words.length];
    if (text[position] === '.') position += 1;
  }
  if (end === 0) return undefined;
  words.length = lower.length = length;
  return { end, words, lower };
}

/** Names after a house number that an unmistakable postcode identifies as a street: `5 Station Approach, Woking GU22 7UY`. */
function postalStreet(text: string, numberEnd: number): number | undefined {
  return matchesAt(UNTYPED, text, numberEnd) ? UNTYPED.lastIndex : undefined;
}

/** Whether the words are a street and not a count. `goesOn`: another capitalized word follows. */
function isStreet({ words, lower }: Street, goesOn: () => boolean, inContext: () => boolean): boolean {
  const names = lower.slice(0, -1);
  const [first = ''] = names;
  const type = lower.at(-1) ?? '';
  // Infinite Loop is Apple's address, and an infinite loop a bug.
  if (first === 'infinite' && type === 'loop') return words.at(-1) === 'Loop' || inContext();
  const strength = typeStrength(type);
  const asName = words.every((word) => CAPITALIZED.test(word)) && !words.every((word) => word === word.toUpperCase());
  const technical = names.filter(isTechnical);
  const isDoubtful = technical.some((name) => strength < 2 || !COMMON_NAMES.has(name));
  if (strength >= 2 && asName && (!isDoubtful || inContext())) return true;
  if (isDoubtful && technical.some((name) => !(COMMON_NAMES.has(name) && (strength >= 2 || inContext())))) return false;
  const isCommon = names.length === 1 && (COMMON_NAMES.has(first) || /^\d/.test(first));
  const isSmall = names.length <= 2 && words.every((word, index) => word === lower[index]) && !first.endsWith('s');
  if (strength >= 3 && (asName || isCommon || isSmall)) return true;
  if (strength >= 2 && (asName || isCommon)) return true;
  return (strength >= 1.5 && asName && !goesOn()) || inContext();
}

function addressAt(context: ScanContext, number: Span): Span | undefined {
  const { text } = context;
  const before = text.slice(Math.max(0, number.start - 14), number.start);
  if (NUMBERED_THING.test(before)) return undefined;
  const unit = UNIT_BEFORE.exec(before)?.[0] ?? '';
  const start = number.start - unit.length;
  const street = streetAfter(text, number.end, IN_UNIT.test(unit));
  if (street === undefined) {
    const end = postalStreet(text, number.end);
    return end === undefined ? undefined : { start, end };
  }
  const end = addressTail(text, street.end);
  const isAddress =
    hasPostcode(text.slice(street.end, end)) ||
    isStreet(
      street,
      () => matchesAt(NEXT_NAME, text, end),
      () => hasAddressContext(context, number.start, end),
    );
  return isAddress ? { start, end } : undefined;
}

export const streetAddress: Detector = {
  name: 'street-address',
  kind: 'STREET_ADDRESS',
  rank: RANK.place,
  patterns: [NUMBER, KEYED_NUMBER, WORD_GAP, WORD, NEXT_NAME, UNTYPED],
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
