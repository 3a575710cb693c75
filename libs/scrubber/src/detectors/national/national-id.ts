import { type Detector, type Ignored, type Match, matchSpan, RANK, scanWith } from '../../detector';

/** The national id of one country. */
export interface NationalId {
  readonly name: string;
  /** Has flag g and begins with a lookbehind. */
  readonly pattern: RegExp;
  /** One of these words must precede the number or be in its key. */
  readonly context: RegExp;
  /** Whether the check digits are valid. */
  readonly isValid: (id: string) => boolean;
  /** Whether the layout is unmistakable, so that no word is needed. */
  readonly isDistinct?: (id: string) => boolean;
  readonly matches: readonly Match[];
  readonly ignores: readonly Ignored[];
}

/** Makes a detector for the id of one country: layout, check digits, and a word that names it. */
export function nationalId(id: NationalId): Detector {
  return {
    name: id.name,
    kind: 'NATIONAL_ID',
    rank: RANK.identifier + 1,
    patterns: [id.pattern, id.context],
    needs: (traits) => traits.digits >= 6,
    scan: scanWith(id.pattern, (match, context) => {
      if (!id.isValid(match[0])) return undefined;
      const known = id.isDistinct?.(match[0]) === true || id.context.test(context.wordsBefore(match.index, 48));
      return known ? matchSpan(match) : undefined;
    }),
    examples: { matches: id.matches, ignores: id.ignores },
  };
}
