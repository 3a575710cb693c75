/** Properties of a text, computed in one pass, so that most detectors can skip most texts. */
export interface Traits {
  /** Number of ASCII digits. */
  readonly digits: number;
  /** Length of the longest run of token characters: letters, digits, `_` and `-`. */
  readonly run: number;
  readonly at: boolean;
  /** Contains `=`, `:` or `--`, so that something may be assigned. */
  readonly assignment: boolean;
  readonly slash: boolean;
  readonly space: boolean;
  /** Contains characters outside ASCII. */
  readonly nonAscii: boolean;
  readonly percent: boolean;
  readonly brace: boolean;
  /** Contains `&` or `\`, so that characters may be escaped. */
  readonly escape: boolean;
}

const DIGIT = 1;
const TOKEN = 2;
const HYPHEN = 4;
const AT = 8;
const ASSIGNMENT = 16;
const SLASH = 32;
const SPACE = 64;
const PERCENT = 128;
const BRACE = 256;
const NON_ASCII = 512;
const ESCAPE = 1024;

/** Class bits of the ASCII characters, then those of all others. */
const CLASSES = new Uint16Array(129);
for (const [characters, bits] of [
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_', TOKEN],
  ['0123456789', TOKEN | DIGIT],
  ['-', TOKEN | HYPHEN],
  ['@', AT],
  [':=', ASSIGNMENT],
  ['/', SLASH],
  [' ', SPACE],
  ['%', PERCENT],
  ['{', BRACE],
  ['&\\', ESCAPE],
] as const)
  for (const character of characters) CLASSES[character.charCodeAt(0)] = bits;
CLASSES[128] = NON_ASCII;

/** Computes the traits of a text in one pass. */
export function traitsOf(text: string): Traits {
  let digits = 0;
  let run = 0;
  let runStart = 0;
  let seen = 0;
  for (let index = 0; index < text.length; index += 1) {
    const classes = CLASSES[Math.min(text.charCodeAt(index), 128)] ?? 0;
    seen |= classes;
    digits += classes & DIGIT;
    if (classes & TOKEN) continue;
    if (index - runStart > run) run = index - runStart;
    runStart = index + 1;
  }
  return {
    digits,
    run: Math.max(run, text.length - runStart),
    at: (seen & AT) > 0,
    assignment: (seen & ASSIGNMENT) > 0 || ((seen & HYPHEN) > 0 && text.includes('--')),
    slash: (seen & SLASH) > 0,
    space: (seen & SPACE) > 0,
    nonAscii: (seen & NON_ASCII) > 0,
    percent: (seen & PERCENT) > 0,
    brace: (seen & BRACE) > 0,
    escape: (seen & ESCAPE) > 0,
  };
}
