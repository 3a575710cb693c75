import { type NormalizedText, originalOffset } from './normalized-text';

/** A part of a text (UTF-16 units) and what is written in its place. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** What was found there. */
  readonly kind: string;
  /** Who found it: a detector, a rule, or why it was replaced unseen (`mask`, `budget`). */
  readonly detector: string;
  /** The member of a JSON text that it stands in. */
  readonly path?: readonly (string | number)[];
}

/** The text with its edits made; the same string where there are none. Edits are in order and do not overlap. */
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

/** Edits of a view as edits of the text around what the view was made from, which begins there at `offset`. */
export function mapBack(edits: readonly Edit[], normalized: NormalizedText, offset: number): Edit[] {
  return edits.map((edit) => ({
    ...edit,
    start: offset + originalOffset(normalized, edit.start),
    end: offset + originalOffset(normalized, edit.end),
  }));
}

/**
 * Edits, and later edits of the text that they made, as edits of the first text.
 * A later edit that covers what an earlier one wrote takes its place.
 */
export function composeEdits(first: readonly Edit[], later: readonly Edit[]): Edit[] {
  const joined: Edit[] = [];
  let index = 0;
  /** How much longer the edited text is than the first one, up to here. */
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
