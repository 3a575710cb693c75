/**
 * A text as the detectors read it, with positions in the original text.
 * `starts[i]` is the original position of character i. Without `starts`, positions are the same.
 */
export interface NormalizedText {
  readonly text: string;
  readonly starts?: Int32Array;
}

const ESCAPE = /%[0-9A-Fa-f]{2}/;
const HEX = '0123456789abcdef';

/** The digit zero of other scripts that are used in telephone and card numbers. */
const DIGIT_ZEROS = [0x0660, 0x06f0, 0x0966, 0x09e6, 0x0e50];

/** The ASCII equivalent of a look-alike, 0 for an invisible character, or the character itself. */
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

/** Replaces look-alikes by ASCII (full-width forms, spaces, hyphens, digits) and drops zero-width characters. */
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

/** Whether the text contains a percent escape. */
export function hasEscapes(text: string): boolean {
  return ESCAPE.test(text);
}

/** Decodes percent escapes as UTF-8. Escapes that are not valid UTF-8 are kept. */
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

/** The byte of the escape at `index`, or -1. */
function escapedByte(text: string, index: number): number {
  if (text.charCodeAt(index) !== 0x25) return -1;
  const high = HEX.indexOf(text.charAt(index + 1).toLowerCase() || '?');
  const low = HEX.indexOf(text.charAt(index + 2).toLowerCase() || '?');
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** The length of the escaped code point at `index` (3, 6, 9 or 12 characters), 0 if it is not valid UTF-8 (RFC 3629). */
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

/** The position in the original text of position `index`. */
export function originalOffset(normalized: NormalizedText, index: number): number {
  return normalized.starts?.[index] ?? index;
}
