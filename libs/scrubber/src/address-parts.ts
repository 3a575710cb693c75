import { matchesAt } from './detector';
import { type ScanContext } from './scan-context';

/** Words that introduce a postal address. */
const ADDRESS_WORD =
  /(?:address|adresse|(?<![a-z])(?:addr|street|anschrift|zustellung|wohnhaft|wohnt|adres|bezorging|livraison|livr[ée]r?|domicile|habite|entrega|consegna|direcci[oó]n|indirizzo|endere[cç]o|ship|shipped|shipping|ship to|deliver|delivered|delivery|courier|parcel|package for|mailed? to|resid\w{2,6}|lives?|living|home|located|dispatched to|dispatch to|billing|facility|visit|moved to|sent to|engineer to|technician to|warehouse at|store at|office at|site at|house at|pick ?up|drop ?off))(?![a-z])[^\d]{0,32}$/;

/** The same after an address: `is the delivery address`. */
const ADDRESS_AFTER =
  /^[ ,;:)"']{0,3}(?:\p{L}{1,12} ){0,3}(?:address|adresse|adres|indirizzo|direcci[oó]n|endere[cç]o)(?![a-z])/u;

/** Whether the words around `start` to `end` say that it is an address. */
export function hasAddressContext(context: ScanContext, start: number, end: number): boolean {
  return ADDRESS_WORD.test(context.wordsBefore(start, 48)) || ADDRESS_AFTER.test(context.after(end, 40));
}

/** The flat or unit before a house number. */
export const UNIT_BEFORE = /(?<![\p{L}\d])(?:(?:flat|studio|apt|apartment|unit|suite) ?(?:\d{1,4}[a-z]?,? )?)$/iu;

const DIRECTION = / (?:[NS][EW]|[NSEW]|[Nn]orth|[Ss]outh|[Ee]ast|[Ww]est)(?![\p{L}\d.]| \p{Lu})/uy;
const UNIT =
  /(?:,? {1,2}(?:apt|apartment|suite|ste|unit|flat|floor|fl|room|rm|bldg|building)\.? ?#?|,? #)[A-Za-z]?-?\d[\w-]{0,7}|,? {1,2}(?:(?:apt|apartment|suite|ste|unit|flat)\.? #?|#)[A-Z](?![\p{L}\d])/iuy;
const PLACES = "(?:, ?[\\p{L}\\p{M}][\\p{L}\\p{M} .'-]{1,40}){0,3}";
const TAILS = [
  new RegExp(`${PLACES}[,;]? {0,2}\\b[A-Z]{1,2}\\d[A-Z\\d]? ?\\d[A-Z]{2}(?![\\p{L}\\d])`, 'uy'),
  /(?: [\p{Lu}][\p{L}\p{M}.'-]{1,20}){1,4}, ?[A-Z]{2},? \d{5}(?:-\d{4})?(?![\p{L}\d-])/uy,
  /,? (?:[A-Z]{1,2}-)?\d{3} \d{2} [\p{Lu}][\p{L}\p{M}]{1,30}(?:[ -][\p{Lu}][\p{L}\p{M}]{1,30})?/uy,
  /, ?(?:\d{2}-\d{3}|\d{4,5}-\d{3}) [\p{Lu}][\p{L}\p{M}]{1,30}(?:[ -][\p{Lu}][\p{L}\p{M}]{1,30})?/uy,
  new RegExp(`${PLACES},? {1,2}[A-Z]{2,3},? \\d{4,5}(?:-\\d{4})?(?![\\p{L}\\d])`, 'uy'),
  new RegExp(`${PLACES},? {1,2}\\d{5,6}(?:-\\d{4})?(?![\\p{L}\\d-])`, 'uy'),
  new RegExp(`${PLACES},? {1,2}(?:[A-Z]{2},? {1,2})?[A-Z]\\d[A-Z] ?\\d[A-Z]\\d(?![\\p{L}\\d])`, 'uy'),
  /, ?(?:[A-Z]{1,2}-)?\d{4,5}(?: [A-Z]{2})? [\p{Lu}][\p{L}\p{M}]{1,30}(?:[ -][\p{Lu}][\p{L}\p{M}]{1,30}){0,2}/uy,
];

/** Every pattern in this file that runs over whole texts. */
export const ADDRESS_PATTERNS: readonly RegExp[] = [ADDRESS_WORD, ADDRESS_AFTER, DIRECTION, UNIT, ...TAILS];

const endOf = (pattern: RegExp, text: string, start: number): number =>
  matchesAt(pattern, text, start) ? pattern.lastIndex : start;

/** The end of an address whose street ends at `start`, with direction, unit, places and postcode. */
export function addressTail(text: string, start: number): number {
  // The dot of an abbreviation belongs to the address if more of it follows: `81st St. Apt 5A`.
  const dotted = text[start] === '.' ? endOf(UNIT, text, start + 1) : start;
  const from = dotted > start + 1 ? dotted : start;
  const end = endOf(UNIT, text, endOf(DIRECTION, text, from));
  let furthest = end;
  for (const tail of TAILS) furthest = Math.max(furthest, endOf(tail, text, end));
  return furthest;
}

const POSTCODE = /, ?.{0,120}(?:\d{4,5}|\d{3} \d{2}|\d[A-Z]{2}$|[A-Z]\d[A-Z] ?\d[A-Z]\d$)/;
const ONLY_UNIT = /^,? ?(?:apt|suite|unit|flat|#)[^,]*$/i;

/** Whether the tail of an address contains a postcode. */
export function hasPostcode(tail: string): boolean {
  return POSTCODE.test(tail) && !ONLY_UNIT.test(tail);
}
