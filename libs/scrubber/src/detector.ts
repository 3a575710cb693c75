import { type ScanContext } from './scan-context';
import { type Traits } from './traits';

/** A part of a text, in UTF-16 units, and what it is if the detector finds more than one kind. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly kind?: string;
}

/** A text (with the object key above it, where that matters) and the part that has to be found in it. */
export interface Match {
  readonly text: string;
  readonly key?: string;
  readonly found: string;
}

/** A text in which nothing may be found. */
export type Ignored = string | { readonly text: string; readonly key: string };

/** Who wins where two detectors found the same characters: the higher one. */
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

/** One idea of what personal or secret data looks like. */
export interface Detector {
  /** Name used to switch it on or off. */
  readonly name: string;
  /** What is written in place of what it finds: `{{KIND}}`. */
  readonly kind: string;
  readonly rank: number;
  /** Off unless it is asked for by name. */
  readonly optional?: true;
  /** Sure enough to be used on host names, components and other technical fields. */
  readonly precise?: true;
  /** Every pattern it runs over whole texts; a test checks each for linear time. */
  readonly patterns: readonly RegExp[];
  /** Whether a text with these traits is worth scanning. */
  readonly needs: (traits: Traits) => boolean;
  readonly scan: (context: ScanContext) => readonly Span[];
  readonly examples: { readonly matches: readonly Match[]; readonly ignores: readonly Ignored[] };
}

const NOTHING: readonly Span[] = [];

/**
 * Scans with one pattern (flag g). `accept` says which part of a match is meant, or undefined to go on one character later
 * (patterns begin with a look-behind, so a run of characters is not tried again from its middle), or where to go on.
 */
export function scanWith(
  pattern: RegExp,
  accept: (match: RegExpExecArray, context: ScanContext) => Span | number | undefined,
): (context: ScanContext) => readonly Span[] {
  return (context) => {
    let spans: Span[] | undefined;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(context.text); match !== null; match = pattern.exec(context.text)) {
      const answer = accept(match, context);
      if (typeof answer === 'object') (spans ??= []).push(answer);
      pattern.lastIndex = Math.max(typeof answer === 'object' ? answer.end : (answer ?? 0), match.index + 1);
    }
    return spans ?? NOTHING;
  };
}

/** The whole match. */
export function matchSpan(match: RegExpExecArray): Span {
  return { start: match.index, end: match.index + match[0].length };
}

/** The part of a match that its group `value` caught; the pattern needs flag d. */
export function valueSpan(match: RegExpExecArray): Span | undefined {
  const indices = match.indices?.groups?.['value'];
  return indices && { start: indices[0], end: indices[1] };
}
