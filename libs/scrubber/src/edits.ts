import { type NormalizedText, originalOffset } from './normalized-text';

/** A part of a text (UTF-16 units) and its replacement. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The kind of what was found. */
  readonly kind: string;
  /** The detector or rule that found it, or why it was replaced without a scan (`mask`, `budget`). */
  readonly detector: string;
  /** The path of the JSON member, if any. */
  readonly path?: readonly (string | number)[];
}

/** Applies edits, which are in order and do not overlap. Returns the same string if there are none. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  let result = '';
  let position = 0;
  for (const edit of edits) {
    result += text.slice(position, edit.start) + edit.text;
    position = edit.end;
  }
  return result + text.slice(position);
}

/** Maps edits of a normalized text to the original text, which begins at `offset` in the text around it. */
export function mapBack(edits: readonly Edit[], normalized: NormalizedText, offset: number): Edit[] {
  return edits.map((edit) => ({
    ...edit,
    start: offset + originalOffset(normalized, edit.start),
    end: offset + originalOffset(normalized, edit.end),
  }));
}

/**
 * Combines edits with later edits of their result, as edits of the original text.
 * A later edit that covers a replacement supersedes it.
 */
export function composeEdits(first: readonly Edit[], later: readonly Edit[]): Edit[] {
  const joined: Edit[] = [];
  let index = 0;
  /** Difference in length between edited and original text up to this point. */
  let shift = 0;
  const passUntil = (position: number, keep: boolean): void => {
    for (let edit = first[index]; edit !== undefined && edit.start + shift < position; edit = first[index]) {
      if (keep) joined.push(edit);
      shift += edit.text.length - (edit.end - edit.start);
      index += 1;
    }
  };
  for (const edit of later) {
    passUntil(edit.start, true);
    const start = edit.start - shift;
    passUntil(edit.end, false);
    joined.push({ ...edit, start, end: edit.end - shift });
  }
  passUntil(Infinity, true);
  return joined;
}
