import { type NormalizedText } from './normalized-text';

/** Escapes of a format that may stand for a character of a value: HTML's character references, `\u0040` of JSON and programs. */
interface EscapeFormat {
  readonly pattern: RegExp;
  /** The character that a match stands for; undefined if none. */
  readonly decode: (match: string) => string | undefined;
}

/** The named references of characters that occur in what is looked for (HTML Standard, 13.5). */
const NAMED: Readonly<Record<string, string>> = {
  commat: '@',
  period: '.',
  lowbar: '_',
  dash: '-',
  hyphen: '-',
  plus: '+',
  equals: '=',
  colon: ':',
  semi: ';',
  sol: '/',
  bsol: '\\',
  num: '#',
  percnt: '%',
  quest: '?',
  excl: '!',
  comma: ',',
  lpar: '(',
  rpar: ')',
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  Tab: '\t',
  NewLine: '\n',
};

const REFERENCES: EscapeFormat = {
  pattern: /&(?:#\d{1,7}|#[xX][\dA-Fa-f]{1,6}|[A-Za-z]{2,8});/g,
  decode: (match) => {
    const name = match.slice(1, -1);
    if (!name.startsWith('#')) return Object.hasOwn(NAMED, name) ? NAMED[name] : undefined;
    return characterOf(/^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10));
  },
};

const BACKSLASHES: EscapeFormat = {
  pattern: /\\(?:u[\dA-Fa-f]{4}|u\{[\dA-Fa-f]{1,6}\}|x[\dA-Fa-f]{2})/g,
  decode: (match) => characterOf(Number.parseInt(match.slice(2).replace('{', ''), 16)),
};

const FORMATS = [REFERENCES, BACKSLASHES];

/** Every pattern in this file that runs over whole texts. */
export const ESCAPE_PATTERNS: readonly RegExp[] = FORMATS.map(({ pattern }) => pattern);

const characterOf = (code: number): string | undefined =>
  code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;

/** The text with the escapes of each format decoded, for those that occur in it. */
export function unescapedTexts(text: string): readonly NormalizedText[] {
  return FORMATS.flatMap((format) => unescaped(text, format) ?? []);
}

function unescaped(text: string, { pattern, decode }: EscapeFormat): NormalizedText | undefined {
  if (text.search(pattern) < 0) return undefined;
  const starts = new Int32Array(text.length + 1);
  const pieces: string[] = [];
  let length = 0;
  let position = 0;
  const copyUntil = (end: number): void => {
    pieces.push(text.slice(position, end));
    for (; position < end; position += 1, length += 1) starts[length] = position;
  };
  for (const { 0: match, index } of text.matchAll(pattern)) {
    const character = decode(match);
    if (character === undefined) continue;
    copyUntil(index);
    pieces.push(character);
    for (let unit = 0; unit < character.length; unit += 1, length += 1) starts[length] = index;
    position = index + match.length;
  }
  if (position === 0) return undefined;
  copyUntil(text.length);
  starts[length] = text.length;
  return { text: pieces.join(''), starts };
}
