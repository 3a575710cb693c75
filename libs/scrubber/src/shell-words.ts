/** A word of a command line: the position of its content (UTF-16 units, without quotes), and of what follows. */
export interface ShellWord {
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
  readonly next: number;
  /** Whether it is the last word of the command. */
  readonly last: boolean;
}

const MAX_LENGTH = 1024;
/** What precedes the quoted part of a word: `-p'a b'`, `--user="a b"`, `-u admin:"a b"`. */
const BEFORE_QUOTES = /^(?:-{1,2}|\/)[\w-]{0,40}[=:]?$|[:=%]$/;

/**
 * Reads the next word of a command from a shell, a process list or a log; undefined at the end of the command. Words may be
 * quoted, with escaped quotes (JSON in a log), or items of a list (`['mysql', '-px']`). Operators end the command only at
 * the beginning or end of a word, because process lists show words without their quotes.
 */
export function shellWord(text: string, from: number, afterQuoted = false): ShellWord | undefined {
  const start = skipBlanks(text, from, afterQuoted);
  const quote = quoteAt(text, start);
  if (quote !== '') {
    const begin = start + quote.length;
    const end = closingQuote(text, begin, quote);
    return end < 0 ? undefined : { start: begin, end, quoted: true, next: end + quote.length, last: false };
  }
  if (start >= text.length || /[\r\n|;&()`]/.test(text[start] ?? '')) return undefined;
  return unquotedWord(text, start);
}

function unquotedWord(text: string, start: number): ShellWord {
  const limit = Math.min(text.length, start + MAX_LENGTH);
  let end = start;
  for (; end < limit; end += 1) {
    const character = text[end] ?? '';
    if (/\s/.test(character)) break;
    const quote = quoteAt(text, end);
    if (quote === '') {
      if (character === '\\' && text[end + 1] === ' ') end += 1;
      continue;
    }
    if (BEFORE_QUOTES.test(text.slice(start, end))) {
      const close = closingQuote(text, end + quote.length, quote);
      if (close >= 0) return { start, end: close, quoted: false, next: close + quote.length, last: false };
    }
    const apostrophe = quote === "'" && /^\w'\w$/.test(text.slice(end - 1, end + 2));
    if (!apostrophe) return { start, end, quoted: false, next: end, last: true };
  }
  let trimmed = end;
  while (trimmed > start && /[.,:;)|]/.test(text[trimmed - 1] ?? '')) trimmed -= 1;
  return { start, end: trimmed, quoted: false, next: end, last: /[;|]/.test(text[end - 1] ?? '') };
}

/** Skips spaces, line continuations, and the commas of a list. */
function skipBlanks(text: string, from: number, afterQuoted: boolean): number {
  let index = from;
  for (;;) {
    const character = text[index];
    if (character === ' ' || character === '\t' || (afterQuoted && character === ',')) index += 1;
    else if (character === '\\' && /^\\\r?\n/.test(text.slice(index, index + 3)))
      index += text[index + 1] === '\r' ? 3 : 2;
    else return index;
  }
}

/** The quote at `index` with its backslashes; empty if there is none. */
function quoteAt(text: string, index: number): string {
  let end = index;
  while (text[end] === '\\' && end - index < 8) end += 1;
  return text[end] === '"' || text[end] === "'" ? text.slice(index, end + 1) : '';
}

/** The position of the closing quote on the same line, or -1. */
function closingQuote(text: string, start: number, quote: string): number {
  const limit = Math.min(text.length, start + MAX_LENGTH);
  for (let end = start; end < limit && text[end] !== '\n'; end += 1) {
    if (text.startsWith(quote, end)) return end;
    if (text[end] === '\\' && quote === '"') end += 1;
  }
  return -1;
}
