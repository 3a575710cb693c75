import { type Detector, RANK, scanWith, type Span } from '../detector';
import {
  CALL_OUTCOME,
  OTHER_NUMBER,
  PHONE_LABEL,
  PHONE_WORD,
  stripRemark,
  UNIT,
  WEAK_PHONE_WORD,
  withExtension,
} from '../phone-context';
import { isValidNational } from '../phone-plan';
import { type ScanContext } from '../scan-context';

/** Digits with one or two separators between them, 7 to 15 of them. */
const NATIONAL = /(?<![\w+.@#$€£/-])\(?\d(?:[ ().\-/]{0,2}\d){6,14}(?![\d@])/g;
/** North American layout: area code, exchange, line, with the same separator. */
const NORTH_AMERICAN = /^(?:(?:001|1)[ .-]?)?(?:\([2-9]\d\d\) ?[2-9]\d\d[ .-]?\d{4}|[2-9]\d\d([.-])[2-9]\d\d\1\d{4})$/;
const NORTH_AMERICAN_LOOSE = /^(?:1[ .-]?)?\(?\d{3}\)?[ .-]{0,2}\d{3}[ .-]?\d{4}$/;
const MORE_DIGITS = /[ ().\-/]{0,2}\d/y;
const LOCAL = /^\d{3}[ .-]\d{4}$/;
const DATE_OR_ADDRESS =
  /^(?:\d{3}-\d{2}-\d{4}$|\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4}(?!\d)|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$|\d{1,3}(?:\.\d{3}){2,4}$|\d{1,15}\.\d{1,15}$)/;

/** Whether the number is part of a longer word or group of digits. */
function isGlued(text: string, start: number, end: number): boolean {
  return (
    /^(?:[\w%]|[.:/-]\d|-[a-z])/i.test(text.slice(end, end + 2)) ||
    /\d[.,:]$/.test(text.slice(Math.max(0, start - 2), start))
  );
}

/** Whether more digits follow after `end`: the match was cut at the longest telephone number. */
function hasMoreDigits(text: string, end: number): boolean {
  MORE_DIGITS.lastIndex = end;
  return MORE_DIGITS.test(text);
}

function accept(match: RegExpExecArray, context: ScanContext): Span | number | undefined {
  const candidate = stripRemark(match[0]);
  // Starts again at a second bracket.
  const second = candidate.indexOf('(', candidate.indexOf('(') + 1);
  if (second > 0) return match.index + second;
  if (candidate === match[0] && hasMoreDigits(context.text, match.index + candidate.length)) return undefined;
  const opened = candidate.startsWith('(') && !candidate.includes(')');
  const start = opened ? match.index + 1 : match.index;
  const number = opened ? candidate.slice(1) : candidate;
  const span = withExtension(context.text, { start, end: match.index + candidate.length });
  if (isGlued(context.text, start, span.end) || DATE_OR_ADDRESS.test(number)) return undefined;
  if (UNIT.test(context.after(span.end))) return undefined;
  const before = context.wordsBefore(start, 40);
  if (OTHER_NUMBER.test(before)) return undefined;
  if (NORTH_AMERICAN.test(number)) return span;
  // Digits and a space before it: one of a series of numbers.
  if (/\d $/.test(context.text.slice(Math.max(0, start - 2), start))) return undefined;
  if (PHONE_LABEL.test(before)) return isNumber(number, context) ? span : undefined;
  const trunk = /^(?:\(?0|1[ .-]|\()|^[2-9]\d\d([ .-])\d{3}\1\d{4}$/.test(number);
  const meant =
    PHONE_WORD.test(before) ||
    (trunk && WEAK_PHONE_WORD.test(before)) ||
    CALL_OUTCOME.test(context.after(span.end, 32));
  if (!meant || /^\d*$/.test(number)) return undefined;
  return isNumber(number, context) ? span : undefined;
}

function isNumber(number: string, context: ScanContext): boolean {
  if (NORTH_AMERICAN_LOOSE.test(number) || LOCAL.test(number)) return true;
  const digits = number.replace(/\D/g, '');
  return (
    digits.length >= 8 && (isValidNational(digits, context.budget) || isValidNational(`+${digits}`, context.budget))
  );
}

export const nationalPhone: Detector = {
  name: 'phone-national',
  kind: 'PHONE',
  rank: RANK.phone - 1,
  patterns: [
    NATIONAL,
    NORTH_AMERICAN,
    NORTH_AMERICAN_LOOSE,
    LOCAL,
    DATE_OR_ADDRESS,
    OTHER_NUMBER,
    PHONE_LABEL,
    PHONE_WORD,
    CALL_OUTCOME,
    WEAK_PHONE_WORD,
    UNIT,
  ],
  needs: (traits) => traits.digits >= 7,
  scan: scanWith(NATIONAL, accept),
  examples: {
    matches: [
      { text: 'left at (415) 555-0132.', found: '(415) 555-0132' },
      { text: 'desk 415-555-0132, 2nd floor', found: '415-555-0132' },
      { text: 'desk 415.555.0132x23', found: '415.555.0132x23' },
      { text: 'desk 1-415-555-0132 ext 9', found: '1-415-555-0132 ext 9' },
      { text: 'phone=4155550132', found: '4155550132' },
      { text: 'Mobile number 0161 496 0982 is off', found: '0161 496 0982' },
      { text: '0161 496 0982', key: 'customer_phone', found: '0161 496 0982' },
      { text: '447700900123', key: 'msisdn', found: '447700900123' },
    ],
    ignores: [
      'call 54321 failed',
      'phone system 99.95 up',
      'sms batch 20231012 late',
      'call at 2012-01-02 08:00',
      'call from 192.168.10.200',
      'bytes_in=4155550132',
      'SKU 415-555-0132 is out',
      'segment 555-1234567890123',
      'SMS gateway sent 12345678 messages',
      'order 650 253 0000',
    ],
  },
};
