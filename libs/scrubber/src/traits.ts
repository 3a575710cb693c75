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
}

const TOKEN = 1;
const DIGIT = 2;

/** Class bits of the ASCII characters. */
const CLASSES = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-')
  CLASSES[character.charCodeAt(0)] = TOKEN;
for (const character of '0123456789') CLASSES[character.charCodeAt(0)] = TOKEN | DIGIT;

/** Computes the traits of a text in one pass. */
export function traitsOf(text: string): Traits {
  let digits = 0;
  let run = 0;
  let current = 0;
  let at = false;
  let assignment = false;
  let slash = false;
  let space = false;
  let nonAscii = false;
  let percent = false;
  let brace = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const classes = code < 128 ? (CLASSES[code] ?? 0) : 0;
    if (classes !== 0) {
      current += 1;
      if (classes & DIGIT) digits += 1;
      if (code === 45 && text.charCodeAt(index - 1) === 45) assignment = true;
      continue;
    }
    if (current > run) run = current;
    current = 0;
    if (code === 32) space = true;
    else if (code === 64) at = true;
    else if (code === 58 || code === 61) assignment = true;
    else if (code === 47) slash = true;
    else if (code === 37) percent = true;
    else if (code === 123) brace = true;
    else if (code > 127) nonAscii = true;
  }
  return { digits, run: Math.max(run, current), at, assignment, slash, space, nonAscii, percent, brace };
}
