import { type Detector, RANK, scanWith, type Span } from '../detector';
import { type ScanContext } from '../scan-context';

/** Area, group and serial with the same separator, or nine digits. */
const SSN = /(?<![\w.+-])(?!000|666|9)\d{3}([- .]?)(?!00)\d{2}\1(?!0000)\d{4}(?!\w|[-.:/]\w)/g;
/** A label that must directly precede nine digits without separators. */
const SSN_LABEL =
  /(?<![a-z])(?:ssns?|social security|social|tin)(?: (?:number|no|nr|num|id|is|of|was)){0,4}[\s.:=#"'([]{0,5}$/;
const SSN_WORD = /(?<![a-z])(?:ssns?|social security|social sec|soc sec|ss ?#|social|sozial|tax ?payer|tin)(?![a-z])/;
const OTHER_NUMBER =
  /(?<![a-z])(?:part|sku|serial|order|invoice|ticket|case|build|version|lot|model|ref|reference|item|batch|id|no|code|histogram|counts?|values?|buckets?|series|rfc|zip)(?: (?:number|no|nr|id))?["']? ?[ :=#]{0,2}["']?$/;
/** Numbers from advertisements and manuals, which are never issued. */
const PUBLISHED = ['078051120', '219099999', '123456789'];

/** Rules of the Social Security Administration: no area 000, 666 or 900 and up, no group 00, no serial 0000. */
function accept(match: RegExpExecArray, context: ScanContext): Span | undefined {
  const { text } = context;
  const start = match.index;
  const end = start + match[0].length;
  const separator = match[1] ?? '';
  const word = separator === '' ? SSN_LABEL : SSN_WORD;
  if (word.test(context.wordsBefore(start, 48))) return { start, end };
  if (separator === '-' && /(?<![a-z])(?:ssn|social security)(?![a-z])/.test(context.after(end, 40)))
    return { start, end };
  if (separator === '' || separator === '.' || PUBLISHED.includes(match[0].replace(/\D/g, ''))) return undefined;
  if (
    separator === ' ' &&
    (/\d[ ,]{1,2}$/.test(text.slice(Math.max(0, start - 3), start)) || /^[ ,]{1,2}\d/.test(text.slice(end, end + 3)))
  )
    return undefined;
  return OTHER_NUMBER.test(context.wordsBefore(start)) ? undefined : { start, end };
}

export const ssn: Detector = {
  name: 'ssn',
  kind: 'SSN_NUMBER',
  rank: RANK.identifier,
  precise: true,
  patterns: [SSN, SSN_WORD, SSN_LABEL, OTHER_NUMBER],
  needs: (traits) => traits.digits >= 9,
  scan: scanWith(SSN, accept),
  examples: {
    matches: [
      { text: 'found 536-22-8726 in a payload', found: '536-22-8726' },
      { text: 'PII in topic hr: 536 22 8726', found: '536 22 8726' },
      { text: 'ssn=536228726', found: '536228726' },
      { text: '536228726', key: 'customerSsn', found: '536228726' },
    ],
    ignores: [
      'part 000-12-3456',
      '666-12-3456',
      '912-34-5678',
      '536-00-8726',
      'histogram 120 45 1024 88 12',
      'order 536228726',
      '2536-22-8726',
      { text: '536228726', key: 'ssn_checks' },
    ],
  },
};
