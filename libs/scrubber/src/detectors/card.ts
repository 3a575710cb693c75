import { digitsOf, passesLuhn } from '../checksums';
import { type Detector, RANK, scanWith, type Span } from '../detector';
import { UNIT } from '../phone-context';
import { type ScanContext } from '../scan-context';

/** First digits (a range) and lengths of the card schemes (ISO/IEC 7812, the schemes' published ranges). */
const ISSUERS: readonly { readonly from: number; readonly to: number; readonly lengths: readonly number[] }[] = [
  { from: 4, to: 4, lengths: [13, 16, 19] }, // Visa
  { from: 51, to: 55, lengths: [16] }, // Mastercard
  { from: 2221, to: 2720, lengths: [16] }, // Mastercard
  { from: 34, to: 34, lengths: [15] }, // American Express
  { from: 37, to: 37, lengths: [15] }, // American Express
  { from: 300, to: 305, lengths: [14, 16, 19] }, // Diners Club
  { from: 3095, to: 3095, lengths: [14, 16, 19] }, // Diners Club
  { from: 36, to: 36, lengths: [14, 16, 19] }, // Diners Club
  { from: 38, to: 39, lengths: [14, 16, 19] }, // Diners Club
  { from: 3528, to: 3589, lengths: [16, 19] }, // JCB
  { from: 6011, to: 6011, lengths: [16, 19] }, // Discover
  { from: 644, to: 659, lengths: [16, 19] }, // Discover
  { from: 62, to: 62, lengths: [16, 17, 18, 19] }, // UnionPay
  { from: 81, to: 81, lengths: [16, 19] }, // UnionPay, RuPay
  { from: 50, to: 50, lengths: [13, 16, 18, 19] }, // Maestro
  { from: 56, to: 58, lengths: [13, 16, 18, 19] }, // Maestro
  { from: 6304, to: 6304, lengths: [16, 18, 19] }, // Maestro
  { from: 67, to: 67, lengths: [16, 18, 19] }, // Maestro, Bancontact
  { from: 60, to: 60, lengths: [16] }, // RuPay, Hipercard
  { from: 633, to: 633, lengths: [16, 18, 19] }, // Switch, Solo
  { from: 636, to: 639, lengths: [16, 19] }, // InstaPayment, Maestro
  { from: 2200, to: 2204, lengths: [16, 19] }, // Mir
  { from: 9792, to: 9792, lengths: [16] }, // Troy
];

/** Digits without separators, or in groups as printed on cards with the same separator. */
const CARD =
  /(?<![\w.+])(?:\d{4}([ .-])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5}|\d{4}([ -])\d{4}\3\d{4}\3\d{2,3}|\d{13,19})(?![\w]|[.-]\d)/g;
/** Prefixes of rarer cards, which identifiers have too: only in groups, or with a word for cards. */
const RARE = /^(?:220[0-4]|50|5[6-8]|60(?!11)|63|67|81|97)/;
const CARD_WORD =
  /(?<![a-z])(?:card|cards|pan|cc|ccn|visa|mastercard|amex|discover|maestro|credit|debit|payments?|charge|charged|declined|fraud|tokeni[sz]ation|cardnumber|dankort|diners|jcb|unionpay|bancontact|rupay|switch solo|cardholder|cvv|cvc|3ds|chargeback|token vault|acquirer|emv)(?![a-z])/;
const OTHER_NUMBER =
  /(?<![a-z])(?:snowflake|counter|gauge|bytes|lag|lsn|xid|trace|span|thread|offset|epoch|ns|nanos|md5|md5sum|sha\d{0,3}|hash|checksum|crc|uid|timestamp|ts|correlation|request|message|tweet|imei|serial|tracking)(?: ?(?:id|number|no))?["']? ?[ :=#]{0,2}["']?$/;

/** Words that indicate a version. */
const VERSION_WORD =
  /(?<![a-z])(?:versions?|ver|v|rev|revision|releases?|released|firmware|builds?|agents?|drivers?|kernel|patch|hotfix|packages?|plugins?|modules?|librar(?:y|ies)|sdk|client|software|app|image|tag|bios|bmc|ilo|idrac|chrome|chromium|edge|webkit|windows|nvidia|oid|bridge|(?:up|down)grad\w{1,4}|updat\w{1,3}|install\w{0,5}|deploy\w{0,4}|running|rolled back)(?![a-z])/;

/** Whether the prefix and length are those of an issuer and the check digit is valid. */
export function isCardNumber(number: string): boolean {
  if (!passesLuhn(digitsOf(number))) return false;
  return ISSUERS.some(({ from, to, lengths }) => {
    const prefix = Number(number.slice(0, from < 10 ? 1 : from < 100 ? 2 : from < 1000 ? 3 : 4));
    return prefix >= from && prefix <= to && lengths.includes(number.length);
  });
}

function accept(match: RegExpExecArray, context: ScanContext): Span | undefined {
  const { text } = context;
  const start = match.index;
  const end = start + match[0].length;
  if (!isCardNumber(match[0].replace(/\D/g, ''))) return undefined;
  const before = context.wordsBefore(start);
  if (match[1] === '.' && isVersion(before, context.after(end), text, start)) return undefined;
  if (CARD_WORD.test(before)) return { start, end };
  if (/^\d*$/.test(match[0]) && UNIT.test(context.after(end))) return undefined;
  if (/^\d*$/.test(match[0]) && RARE.test(match[0]) && !CARD_WORD.test(context.after(end, 24))) return undefined;
  const glued =
    /[A-Za-z\d][-:/]$/.test(text.slice(Math.max(0, start - 2), start)) || /^-\w/.test(text.slice(end, end + 2));
  if (glued && !/\b\w{2,12}[:]$/.test(text.slice(Math.max(0, start - 13), start))) return undefined;
  return OTHER_NUMBER.test(before) ? undefined : { start, end };
}

/** Whether groups joined by dots are a version: a word says so, and no word for cards is closer. */
function isVersion(before: string, after: string, text: string, start: number): boolean {
  if (/[\w-][-_/@]$|\bv$/i.test(text.slice(Math.max(0, start - 2), start))) return true;
  const said = before.search(VERSION_WORD);
  if (said < 0) return VERSION_WORD.test(after) && !CARD_WORD.test(before);
  return (
    !CARD_WORD.test(before.slice(said)) || /(?<![a-z])(?:version|ver|v|release|firmware|build)[ :=]{0,3}$/.test(before)
  );
}

export const card: Detector = {
  name: 'card',
  kind: 'CREDIT_CARD',
  rank: RANK.checksum,
  precise: true,
  patterns: [CARD, CARD_WORD, OTHER_NUMBER, VERSION_WORD],
  needs: (traits) => traits.digits >= 13,
  scan: scanWith(CARD, accept),
  examples: {
    matches: [
      { text: 'declined: 4012 8888 8888 1881 twice', found: '4012 8888 8888 1881' },
      { text: 'pan=378282246310005', found: '378282246310005' },
      { text: 'charge 3782 822463 10005 failed', found: '3782 822463 10005' },
      { text: 'card 3056 9309 0259 04', found: '3056 9309 0259 04' },
      { text: '{"pan":"6011000990139424"}', found: '6011000990139424' },
      { text: 'JCB 3566-0020-2036-0505!', found: '3566-0020-2036-0505' },
      { text: 'declined 4012.8888.8888.1881', found: '4012.8888.8888.1881' },
    ],
    ignores: [
      'order 4012 8888 8888 1882',
      'snowflake 4012888888881881',
      'ratio 0.4012888888881881',
      'epoch 1697103067123',
      'hash 4012888888881881abc',
      '4012888888881881 bytes written',
      'thread 140735678901234',
      'agent upgraded to 4012.8888.8888.1881',
      'payments service version 4012.8888.8888.1881',
      'card reader firmware: 4012.8888.8888.1881',
      '4012.8888.8888.1881 is the running release',
    ],
  },
};
