import { type Detector, RANK, scanWith, type Span } from '../detector';
import { isPossibleInternational, isValidInternational } from '../phone-plan';
import { type ScanContext } from '../scan-context';
import { PHONE_WORD, stripRemark, UNIT, WEAK_PHONE_WORD, withExtension } from '../phone-context';

/** `+` and 7 to 17 digits, with up to three spaces, dots, dashes, slashes or brackets between them. */
const INTERNATIONAL = /(?<![\w+.])\(?(?:\+|\b00(?=[1-9])|(?<=\bwa\.me\/))\(?[1-9](?:[ ().\-/]{0,3}\d){6,16}(?!\d)/g;

const SIGNED =
  /(?<![a-z])(?:delta|diff|difference|change|changed|offset|skew|drift|jitter|grew|rose|gain|growth|balance|score)(?: (?:by|of|is|was))?[ :=]{0,3}$/;

/** North American numbers by layout, so that unassigned area codes and example numbers count too. */
const NORTH_AMERICAN = /^\+1[2-9]\d{2}[2-9]\d{6}$/;
/** Three groups or more, the last of three digits or more. */
const GROUPED = /^\(?\+\(?\d{1,3}\)?[ .-]\(?\d{2,4}\)?[ .-]?\d{2,4}[ .-]\d{3,6}$/;

/** The longest prefix of the match, by groups of digits, that is a valid number. */
function accept(match: RegExpExecArray, context: ScanContext): Span | undefined {
  const inContext = (): boolean => hasPhoneWord(context.wordsBefore(match.index, 32));
  if (isSignedQuantity(match[0], context, match.index) && !inContext()) return undefined;
  if (match[0].replace(/^\(/, '').startsWith('00') && !inContext()) return undefined;
  // A dash after a space and before a digit is a minus sign.
  const whole = stripRemark(match[0].replace(/ -\d.*$/, ''));
  let candidate = whole;
  for (let attempt = 0; attempt < 4 && candidate.length > 7; attempt += 1) {
    if (isValidInternational(numberOf(candidate), context.budget)) return spanOf(match.index, candidate, context);
    candidate = candidate.replace(/[ ().\-/]{1,3}\d{1,17}$|(?<=\d)\d{0,17}$/, '');
  }
  const believed =
    GROUPED.test(whole) || NORTH_AMERICAN.test(numberOf(whole)) || (inContext() && match[0].search(/ -\d/) < 0);
  return believed && isPossibleInternational(numberOf(whole), context.budget)
    ? spanOf(match.index, whole, context)
    : undefined;
}

const hasPhoneWord = (words: string): boolean => PHONE_WORD.test(words) || WEAK_PHONE_WORD.test(words);

/** A signed quantity without grouping: `delta +49311609 bytes`. */
function isSignedQuantity(candidate: string, context: ScanContext, start: number): boolean {
  if (/\D/.test(candidate.slice(1))) return false;
  return UNIT.test(context.after(start + candidate.length)) || SIGNED.test(context.wordsBefore(start, 24));
}

/** `+44 (0)20 …` as `+4420…`: digits only, without the trunk prefix in brackets. */
function numberOf(candidate: string): string {
  return `+${candidate.replace('(0)', '').replace(/\D/g, '').replace(/^00/, '')}`;
}

function spanOf(index: number, candidate: string, context: ScanContext): Span {
  const opened = candidate.startsWith('(') && !candidate.includes(')');
  return withExtension(context.text, { start: opened ? index + 1 : index, end: index + candidate.length });
}

export const phone: Detector = {
  name: 'phone',
  kind: 'PHONE',
  rank: RANK.phone,
  patterns: [INTERNATIONAL, NORTH_AMERICAN, SIGNED, GROUPED],
  needs: (traits) => traits.digits >= 7,
  scan: scanWith(INTERNATIONAL, accept),
  examples: {
    matches: [
      { text: 'ring +44 20 7946 0958 first', found: '+44 20 7946 0958' },
      { text: 'to +14155550132: carrier error 30007', found: '+14155550132' },
      { text: 'office (+41) 22 730 5989', found: '(+41) 22 730 5989' },
      { text: 'office +44 (0)20 7946 0958 ext. 12', found: '+44 (0)20 7946 0958 ext. 12' },
      { text: '<sip:+442079460958@pbx.example.net> 486', found: '+442079460958' },
      { text: 'https://wa.me/14155550132', found: '14155550132' },
      { text: 'dial 0049 30 901820', found: '0049 30 901820' },
      { text: '+1 415 555 0132 5 attempts', found: '+1 415 555 0132' },
    ],
    ignores: [
      'time zone +0530',
      'delta +1234567 bytes',
      '650+253+1234567',
      'ratio +3.14159265',
      'delta +778601 -08943',
      'seq 0012345678901',
    ],
  },
};
