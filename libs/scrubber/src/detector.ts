import { type ScanContext } from './scan-context';
import { type Traits } from './traits';

/** A part of a text, in UTF-16 units, with its kind if the detector finds several. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly kind?: string;
}

/** A text (with its object key, if it matters) and the part that must be found in it. */
export interface Match {
  readonly text: string;
  readonly key?: string;
  readonly found: string;
}

/** A text in which nothing must be found. */
export type Ignored = string | { readonly text: string; readonly key: string };

/** Precedence of overlapping findings: the higher rank wins. */
export const RANK = {
  secret: 90,
  checksum: 80,
  email: 70,
  identifier: 60,
  phone: 50,
  place: 40,
  optional: 10,
  custom: 100,
};

/** Finds one form of personal or secret data. */
export interface Detector {
  /** Name by which it is selected. */
  readonly name: string;
  /** Name in the placeholder: `{{KIND}}`. */
  readonly kind: string;
  readonly rank: number;
  /** Off unless selected by name. */
  readonly optional?: true;
  /** Certain enough for host names, components and other technical fields. */
  readonly precise?: true;
  /** Every pattern that it runs over whole texts. A test checks each for linear time. */
  readonly patterns: readonly RegExp[];
  /** Whether a text with these traits can contain what it finds. */
  readonly needs: (traits: Traits) => boolean;
  readonly scan: (context: ScanContext) => readonly Span[];
  readonly examples: { readonly matches: readonly Match[]; readonly ignores: readonly Ignored[] };
}

const NOTHING: readonly Span[] = [];

/**
 * Scans with one pattern (flag g). `accept` returns the part of the match to replace, undefined to continue one character later
 * (patterns begin with a lookbehind, so that a run of characters is not tried again from its middle), or where to continue.
 */
export function scanWith(
  pattern: RegExp,
  accept: (match: RegExpExecArray, context: ScanContext) => Span | number | undefined,
): (context: ScanContext) => readonly Span[] {
  return (context) => {
    let spans: Span[] | undefined;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(context.text); match !== null; match = pattern.exec(context.text)) {
      const result = accept(match, context);
      if (typeof result === 'object') (spans ??= []).push(result);
      pattern.lastIndex = Math.max(typeof result === 'object' ? result.end : (result ?? 0), match.index + 1);
    }
    return spans ?? NOTHING;
  };
}

/** Whether a pattern with flag y matches at `index`. Its `lastIndex` is then where the match ends. */
export function matchesAt(pattern: RegExp, text: string, index: number): boolean {
  pattern.lastIndex = index;
  return pattern.test(text);
}

/** The whole match. */
export function matchSpan(match: RegExpExecArray): Span {
  return { start: match.index, end: match.index + match[0].length };
}

/** The part of a match captured by the group `value`. The pattern needs flag d. */
export function valueSpan(match: RegExpExecArray): Span | undefined {
  const indices = match.indices?.groups?.['value'];
  return indices && { start: indices[0], end: indices[1] };
}
