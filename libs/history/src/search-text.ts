/** What `unicode61` makes tokens of: letters, digits, marks and private characters. */
const WORDS = /[\p{L}\p{N}\p{M}\p{Co}]+/gu;
const PHRASE_OR_WORD = /"([^"]*)"|([^\s"]+)/g;

type Column = 'summary' | 'source' | 'alert';

/**
 * What a person typed, as a query of the full-text search: every word must occur, in any order; the last one and any that ends in `*` by
 * its beginning; what is in quotation marks as it is. Nothing in it is an operator of FTS5. Undefined: there is no word in it.
 */
export function searchQuery(text: string): string | undefined {
  const parts = [...text.matchAll(PHRASE_OR_WORD)].map(([part, phrase, word = '']) =>
    phrase === undefined ? wordOf(word, part.endsWith('*') || text.endsWith(part)) : phraseOf(phrase),
  );
  const known = parts.filter((part) => part !== undefined);
  return known.length === 0 ? undefined : known.join(' AND ');
}

/** Texts whose column has these words, one after another; it may have more. */
export function columnQuery(column: Column, value: string): string | undefined {
  const phrase = phraseOf(value);
  return phrase === undefined ? undefined : `${column} : ${phrase}`;
}

/** `host-1/cpu` is one word to a person, and three tokens. */
function wordOf(word: string, isBeginning: boolean): string | undefined {
  const phrase = phraseOf(word);
  return phrase === undefined || !isBeginning ? phrase : `${phrase} *`;
}

function phraseOf(text: string): string | undefined {
  const words = text.match(WORDS);
  return words === null ? undefined : `"${words.join(' ')}"`;
}
