import { type Detector, RANK, type Span } from './detector';
import { type Rule } from './rules';
import { type ScanContext } from './scan-context';

/** The time that a built-in detector takes for one character, about; microseconds. */
const BUILT_IN_COST = 0.02;
/** Longer texts are scanned in pieces, between which the time is checked. */
const PIECE_LENGTH = 16_384;
/** Pieces overlap by the length of the longest match that is always found. */
const OVERLAP = 4_096;

/** Makes a detector from a rule. It takes precedence over built-in detectors and applies to technical fields too. */
export function detectorOf(rule: Rule): Detector {
  return {
    name: rule.name,
    kind: rule.name,
    rank: RANK.custom,
    precise: true,
    patterns: [],
    needs: () => true,
    scan: (context) => scan(rule, context),
    examples: { matches: [], ignores: [] },
  };
}

function scan(rule: Rule, context: ScanContext): readonly Span[] {
  const { text, budget } = context;
  const spans: Span[] = [];
  let start = 0;
  while (start < text.length) {
    const end = Math.min(start + PIECE_LENGTH, text.length);
    budget.time.spend(((end - start) * rule.cost) / BUILT_IN_COST);
    const isLast = end === text.length;
    const matches = matchesIn(rule, text, start, end, isLast ? end : end - OVERLAP);
    for (const match of matches) if (isMeant(rule, context, match.start)) spans.push(match);
    start = isLast ? end : Math.max(end - OVERLAP, matches.at(-1)?.end ?? 0);
  }
  return spans;
}

/** The matches between `start` and `end` that begin before `limit`. */
function matchesIn({ pattern }: Rule, text: string, start: number, end: number, limit: number): readonly Span[] {
  // With the character before it, which decides whether a word begins at `start`.
  const offset = Math.max(0, start - 1);
  const matcher = pattern.matcher(text.slice(offset, end));
  const matches: Span[] = [];
  for (let found = matcher.find(start - offset); found; found = matcher.find()) {
    const match = { start: offset + matcher.start(), end: offset + matcher.end() };
    if (match.start >= limit) break;
    if (match.end > match.start) matches.push(match);
  }
  return matches;
}

function isMeant({ context: words }: Rule, context: ScanContext, start: number): boolean {
  if (words.length === 0) return true;
  const before = context.wordsBefore(start);
  return words.some((word) => before.includes(word));
}
