import { type Span } from './detector';

const MAX_LENGTH = 4096;
/** Longest value in a connection string that may contain spaces. */
const MAX_DELIMITED = 128;
const CLOSING: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '“': '”',
  '‘': '’',
  '„': '“',
  '«': '»',
};

/** An assignment in a text. */
export interface Assignment {
  readonly text: string;
  readonly nameStart: number;
  readonly separator: string;
  /** Start of the value. */
  readonly start: number;
}

/** The value of an assignment: quoted, in braces (ODBC), up to `;` in a connection string, or up to the end of a word. */
export function valueOf(assignment: Assignment): Span {
  const { text, start } = assignment;
  const end =
    quotedEnd(assignment) ??
    bracedEnd(assignment) ??
    delimitedEnd(assignment) ??
    trimmed(text, start, unquotedEnd(assignment));
  return { start, end };
}

/** The closing quote, if the separator opens one. Doubled (SQL) and escaped quotes belong to the value. */
function quotedEnd({ text, start, separator }: Assignment): number | undefined {
  const opened = separator.at(-1) ?? '';
  const quote = CLOSING[opened];
  if (quote === undefined) return undefined;
  const escape = /\\*$/.exec(separator.slice(0, -1))?.[0] ?? '';
  const limit = Math.min(text.length, start + MAX_LENGTH);
  for (let end = start; end < limit && text[end] !== '\n'; end += 1) {
    if (text[end] === '\\' && escape === '') end += 1;
    else if (text[end] === quote && isDoubled(text, start, end)) end += 1;
    else if (text[end] === quote && end - escape.length >= start && text.slice(end - escape.length, end) === escape)
      return end - escape.length;
  }
  return undefined;
}

/** Whether a quote is doubled in the middle of a value: SQL writes `it's` as `'it''s'`. */
function isDoubled(text: string, start: number, index: number): boolean {
  return index > start && /^''[^\s,;:)\]}'"\\][^'\r\n]{0,64}'/.test(text.slice(index, index + 68));
}

/** ODBC: `pwd={a;b}}c};` with its braces. Other braces hold a template or an object. */
function bracedEnd({ text, nameStart, start, separator }: Assignment): number | undefined {
  if (
    text[start] !== '{' ||
    !/^ ?= ?$/.test(separator) ||
    !/^(?:pwd|password)$/i.test(text.slice(nameStart, start - separator.length))
  )
    return undefined;
  const value = /^\{(?!\{)(?:[^{}\r\n]|\}\}|\{){1,256}\}(?=[;"'\s,)]|$)/.exec(text.slice(start, start + 260))?.[0];
  if (value === undefined || /^\{(?:[A-Z_]+|[a-z_.]+(?:![rsa])?|\d{1,2})\}$/.test(value)) return undefined;
  return start + value.length;
}

/** In a connection string, as in `Uid=sa;Pwd=a (b) c;Database=x`, a value may contain everything but quotes and line breaks. */
function delimitedEnd({ text, nameStart, start }: Assignment): number | undefined {
  const before = text[nameStart - 1] === ' ' ? text[nameStart - 2] : text[nameStart - 1];
  if (before !== ';') return undefined;
  const value = /^[^;"'\r\n\\]{1,128}(?=;[ \t]?[A-Za-z][\w .]{0,40}=)/.exec(
    text.slice(start, start + MAX_DELIMITED + 48),
  )?.[0];
  return value === undefined ? undefined : start + value.length;
}

/** Characters that never end a value. */
const PLAIN = /[^\s,;"<>|`”’»\\'&()[\]{}]{1,4096}/y;

function unquotedEnd({ text, nameStart, start }: Assignment): number {
  const limit = Math.min(text.length, start + MAX_LENGTH);
  if (/[([{]/.test(text[start] ?? '')) return start;
  let depth = 0;
  for (let end = start; end < limit; end += 1) {
    PLAIN.lastIndex = end;
    if (PLAIN.test(text)) end = PLAIN.lastIndex;
    switch (text[end]) {
      case '\\': {
        const escaped = escapeLength(text, end);
        if (escaped === 0) return end;
        end += escaped - 1;
        break;
      }
      case "'":
        if (/["']/.test(text[nameStart - 1] ?? '') || !/^\w'\w/.test(text.slice(end - 1, end + 2))) return end;
        break;
      case '&':
        if (endsMember(text, nameStart, end)) return end;
        break;
      case '(':
      case '[':
      case '{':
        if (isCode(text, start, end)) return end;
        depth += 1;
        break;
      case ')':
      case ']':
      case '}':
        if (depth === 0) return end;
        depth -= 1;
        break;
      default:
        return Math.min(end, limit);
    }
  }
  return limit;
}

/** The length of an escape that belongs to the value: `\ ` of libpq and shells, or a backslash that escapes nothing. Otherwise 0. */
function escapeLength(text: string, index: number): number {
  let next = index;
  while (text[next] === '\\' && next - index < 8) next += 1;
  const character = text[next] ?? '';
  if (character === ' ') return next - index + 1;
  if (/^'\w/.test(text.slice(next, next + 2))) return next - index + 1;
  return /^[^\s"'nrtu\\]$/.test(character) ? next - index : 0;
}

/** Whether `&` ends the value: of a query or form, or of a command. */
function endsMember(text: string, nameStart: number, index: number): boolean {
  if (/^&(?:&|\s|$|(?:amp;)?[\w.%-]{1,40}=)/.test(text.slice(index, index + 48))) return true;
  return /[?&][^\s?&]{0,40}$/.test(text.slice(Math.max(0, nameStart - 48), nameStart));
}

/** Whether a bracket follows the name of a function, type or variable: the value is code. */
function isCode(text: string, start: number, index: number): boolean {
  if (!/^[A-Za-z_][\w.:]*$/.test(text.slice(start, index))) return false;
  const rest = text.slice(index, index + 103);
  return rest.startsWith('(')
    ? !/^\([^()\s]{0,100}\)\w/.test(rest)
    : /^(?:\[[^[\]\r\n]{1,100}\]|\{[^{}\r\n]{0,100}\}|\{\s)(?!\w)/.test(rest);
}

function trimmed(text: string, start: number, found: number): number {
  let end = found;
  while (end > start && /[.,:;]/.test(text[end - 1] ?? '')) end -= 1;
  return end;
}
