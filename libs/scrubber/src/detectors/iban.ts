import { remainderBy97 } from '../checksums';
import { type Detector, RANK, scanWith, type Span } from '../detector';
import { type ScanContext } from '../scan-context';

/** Length of an IBAN by country (SWIFT's IBAN registry; the last line: in use, not registered). */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
    'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 ' +
    'LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 ' +
    'SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 ' +
    'AO25 BF28 BJ28 CF27 CG27 CI28 CM27 CV25 DZ26 GA27 GQ27 GW25 IR26 KM27 MA28 MG27 ML28 MZ25 NE28 SN28 TD27 TG28'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Country, check digits, and up to 30 characters, with at most one space or dash between two. */
const IBAN = /(?<![\w-])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z\d]){11,30}/g;

/** Groups of four, the last one shorter. */
const GROUPED = /^\w{4}(?:([ -])\w{4}(?:\1\w{4}){0,7}(?:\1\w{1,3})?)?$/;
const IBAN_WORD =
  /(?<![a-z])(?:ibans?|account|konto|payout|payee|creditor|debtor|beneficiary|transfer|mandate|sepa|bank)(?![a-z])/;

/** The part of a match with the length of the country's IBANs, if its remainder is valid (ISO 13616). */
function accept(match: RegExpExecArray, context: ScanContext): Span | undefined {
  const length = LENGTHS[match[0].slice(0, 2).toUpperCase()];
  if (length === undefined) return undefined;
  let end = 0;
  let compact = '';
  for (; end < match[0].length && compact.length < length; end += 1) {
    const character = match[0][end] ?? '';
    if (character !== ' ' && character !== '-') compact += character;
  }
  const next = match.input.slice(match.index + end, match.index + end + 1);
  if (compact.length < length || /[A-Za-z\d_]/.test(next)) return undefined;
  const written = match[0].slice(0, end);
  if (written !== compact && !GROUPED.test(written)) return undefined;
  // Hexadecimal identifiers are in lower case, IBANs rarely: then a word must say it.
  const upper = compact.toUpperCase();
  if (compact !== upper && (compact !== compact.toLowerCase() || !IBAN_WORD.test(context.wordsBefore(match.index))))
    return undefined;
  return remainderBy97(upper.slice(4) + upper.slice(0, 4)) === 1
    ? { start: match.index, end: match.index + end }
    : undefined;
}

export const iban: Detector = {
  name: 'iban',
  kind: 'IBAN',
  rank: RANK.checksum,
  precise: true,
  patterns: [IBAN, GROUPED, IBAN_WORD],
  needs: (traits) => traits.digits >= 2,
  scan: scanWith(IBAN, accept),
  examples: {
    matches: [
      { text: 'to GB82 WEST 1234 5698 7654 32 today', found: 'GB82 WEST 1234 5698 7654 32' },
      { text: 'iban=DE89370400440532013000;', found: 'DE89370400440532013000' },
      { text: 'to RO02GUDP6PRMPHTEVYAV0TWN', found: 'RO02GUDP6PRMPHTEVYAV0TWN' },
      { text: 'from NO93 8601 1117 947 5 items', found: 'NO93 8601 1117 947' },
    ],
    ignores: [
      'GB82 WEST 1234 5698 7654 33',
      'ZZ82WEST12345698765432',
      'DE89370400440532013000123',
      'trace be68539007547034',
      'a-BE68539007547034',
    ],
  },
};
