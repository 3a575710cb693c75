import { type Detector, type Ignored, type Match, matchSpan, RANK, scanWith } from '../../detector';

/** What makes up the id of one country. */
export interface NationalId {
  readonly name: string;
  /** Has flag g and begins with a look-behind. */
  readonly pattern: RegExp;
  /** Words one of which has to stand before the number, or in its key. */
  readonly context: RegExp;
  /** Whether the check digits are right. */
  readonly isValid: (id: string) => boolean;
  /** The layout is told from everything else by itself: no word is needed. */
  readonly isDistinct?: (id: string) => boolean;
  readonly matches: readonly Match[];
  readonly ignores: readonly Ignored[];
}

/** A detector for one country's id: layout, check digits, and a word that says what it is. */
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
