/**
 * A text as the detectors read it, and the way back to the text it was made from.
 * `starts[i]` is where character i began there; without `starts` every position is the same in both.
 */
export interface NormalizedText {
  readonly text: string;
  readonly starts?: Int32Array;
}

const ESCAPE = /%[0-9A-Fa-f]{2}/;
const HEX = '0123456789abcdef';

/** Zero of the decimal digits of other scripts in the basic plane that turn up in telephone and card numbers. */
const DIGIT_ZEROS = [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50];

/** The ASCII character that a look-alike stands for, 0 for one that is not seen at all, or the character itself. */
function foldedCode(code: number): number {
  if (code < 0x80) return code;
  if (code === 0xa0 || code === 0x202f || code === 0x205f || code === 0x3000) return 0x20;
  if (code >= 0x2000 && code <= 0x200a) return 0x20;
  if (code >= 0xff01 && code <= 0xff5e) return code - 0xfee0;
  if ((code >= 0x2010 && code <= 0x2015) || code === 0x2212 || code === 0xfe58 || code === 0xfe63) return 0x2d;
  if (code === 0xad || (code >= 0x200b && code <= 0x200d) || code === 0x2060 || code === 0xfeff) return 0;
  const zero = DIGIT_ZEROS.find((first) => code >= first && code <= first + 9);
  return zero === undefined ? code : code - zero + 0x30;
}

/** Writes look-alikes as ASCII (full-width, other blanks, hyphens and digits) and drops what has no width. */
export function fold(text: string): NormalizedText {
  const codes = new Uint16Array(text.length);
  const starts = new Int32Array(text.length + 1);
  let length = 0;
  let changed = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const folded = foldedCode(code);
    if (folded !== code) changed = true;
    if (folded === 0 && code !== 0) continue;
    codes[length] = folded;
    starts[length] = index;
    length += 1;
  }
  if (!changed) return { text };
  starts[length] = text.length;
  const folded = Buffer.from(codes.buffer, 0, length * 2).toString('utf16le');
  return length === text.length ? { text: folded } : { text: folded, starts };
}

/** Whether the text holds at least one percent escape. */
export function hasEscapes(text: string): boolean {
  return ESCAPE.test(text);
}

/** Reads percent escapes as the UTF-8 they stand for; escapes that are not UTF-8 stay as they are. */
export function decodeEscapes(text: string, plusIsBlank = false): NormalizedText {
  const starts = new Int32Array(text.length + 1);
  let decoded = '';
  let length = 0;
  for (let index = 0; index < text.length;) {
    const character = text[index] === '+' && plusIsBlank ? ' ' : (text[index] ?? '');
    const size = character === '%' ? escapedSize(text, index) : 0;
    const piece = size === 0 ? character : decodeURIComponent(text.slice(index, index + size));
    for (let unit = 0; unit < piece.length; unit += 1) starts[length + unit] = index;
    decoded += piece;
    length += piece.length;
    index += size === 0 ? 1 : size;
  }
  starts[length] = text.length;
  return { text: decoded, starts };
}

/** The byte escaped at `index`, or -1. */
function escapedByte(text: string, index: number): number {
  if (text.charCodeAt(index) !== 0x25) return -1;
  const high = HEX.indexOf(text.charAt(index + 1).toLowerCase() || '?');
  const low = HEX.indexOf(text.charAt(index + 2).toLowerCase() || '?');
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** Characters that the escaped code point at `index` takes up (3, 6, 9 or 12), 0 if it is not valid UTF-8 (RFC 3629). */
function escapedSize(text: string, index: number): number {
  const first = escapedByte(text, index);
  if (first < 0) return 0;
  if (first < 0x80) return 3;
  const bytes = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (let byte = 1; byte < bytes; byte += 1) {
    const next = escapedByte(text, index + byte * 3);
    if (next < 0x80 || next > 0xbf) return 0;
    if (byte > 1) continue;
    if ((first === 0xe0 && next < 0xa0) || (first === 0xed && next > 0x9f)) return 0;
    if ((first === 0xf0 && next < 0x90) || (first === 0xf4 && next > 0x8f)) return 0;
  }
  return bytes * 3;
}

/** Where position `index` of the view is in the text it was made from. */
export function originalOffset(normalized: NormalizedText, index: number): number {
  return normalized.starts?.[index] ?? index;
}
