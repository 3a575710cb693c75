import { type NormalizedText } from './normalized-text';

/** A string or number in a JSON text: its path, and its position (without the quotes of a string). */
export interface JsonScalar {
  readonly type: 'string' | 'number';
  readonly path: readonly (string | number)[];
  readonly start: number;
  readonly end: number;
}

/** Whether a text is a JSON object or array. */
export function isJson(text: string): boolean {
  if (!/^\s{0,64}[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Longer paths have their innermost member in place of what is beyond this depth, so that a path costs no more for each level. */
const MAX_PATH = 100;

/**
 * Calls back for every string value and number of a valid JSON text, in order, without parsing it into objects:
 * duplicate members, whitespace and number formats are unaffected. The path is only valid during the call.
 */
export function walkJson(text: string, visit: (scalar: JsonScalar) => void): void {
  const path: (string | number)[] = [];
  /** For each level of nesting, whether it is an object. */
  const isObject: boolean[] = [];
  let expectsKey = false;
  const shownPath = (): readonly (string | number)[] =>
    path.length <= MAX_PATH ? path : [...path.slice(0, MAX_PATH - 1), path.at(-1) ?? ''];
  for (let index = 0; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case 0x7b: // {
        isObject.push(true);
        path.push('');
        expectsKey = true;
        break;
      case 0x5b: // [
        isObject.push(false);
        path.push(0);
        expectsKey = false;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        isObject.pop();
        path.pop();
        expectsKey = false;
        break;
      case 0x2c: // ,
        expectsKey = isObject.at(-1) === true;
        if (!expectsKey) path.push(Number(path.pop()) + 1);
        break;
      case 0x22: {
        // "
        const end = stringEnd(text, index + 1);
        if (expectsKey) {
          path[path.length - 1] = unescapeJson(text.slice(index + 1, end)).text;
          expectsKey = false;
        } else visit({ type: 'string', path: shownPath(), start: index + 1, end });
        index = end;
        break;
      }
      default:
        if (!isNumberStart(text.charCodeAt(index))) break;
        {
          const end = numberEnd(text, index);
          visit({ type: 'number', path: shownPath(), start: index, end });
          index = end - 1;
        }
    }
  }
}

const isNumberStart = (code: number): boolean => code === 0x2d || (code >= 0x30 && code <= 0x39);

/** The position of the closing quote of the string that begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c && end - 1 - backslashes >= start) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

function numberEnd(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && /[\d.eE+-]/.test(text[end] ?? '')) end += 1;
  return end;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Decodes the escapes of a JSON string. */
export function unescapeJson(raw: string): NormalizedText {
  if (!raw.includes('\\')) return { text: raw };
  const starts = new Int32Array(raw.length + 1);
  const pieces: string[] = [];
  let length = 0;
  let plain = 0;
  for (let index = 0; index < raw.length; length += 1) {
    starts[length] = index;
    if (raw.charCodeAt(index) !== 0x5c) {
      index += 1;
      continue;
    }
    pieces.push(raw.slice(plain, index));
    const letter = raw[index + 1] ?? '';
    const unicode = letter === 'u';
    pieces.push(
      unicode
        ? String.fromCharCode(Number.parseInt(raw.slice(index + 2, index + 6), 16))
        : (SHORT_ESCAPES[letter] ?? letter),
    );
    index += unicode ? 6 : 2;
    plain = index;
  }
  starts[length] = raw.length;
  pieces.push(raw.slice(plain));
  return { text: pieces.join(''), starts };
}
