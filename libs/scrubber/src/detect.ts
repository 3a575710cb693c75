import { type Detector, RANK } from './detector';
import { unescapedTexts } from './escaped-text';
import { type Budget, ScanContext } from './scan-context';
import { decodeEscapes, fold, hasEscapes, type NormalizedText, originalOffset } from './normalized-text';

/** Personal or secret data in a text: its position (UTF-16 units), its kind, and the detector that found it. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  readonly detector: string;
}

interface Candidate extends Finding {
  readonly rank: number;
}

const NOTHING: readonly Finding[] = [];
/** A placeholder, in a text or percent-encoded in a URL. Placeholders are never changed. */
const PLACEHOLDER = /(?:\{\{|%7B%7B)[A-Z][A-Z\d_]{0,40}(?::[\da-f]{6,64})?(?:\}\}|%7D%7D)/g;

/**
 * Runs the detectors on a text under an object key (empty if none). Findings are in order and do not overlap.
 * @throws TimeOver
 */
export function detect(text: string, key: string, detectors: readonly Detector[], budget: Budget): readonly Finding[] {
  let context = new ScanContext(text, key, budget);
  const { percent, nonAscii } = context.traits;
  const folded: NormalizedText = nonAscii ? fold(text) : { text };
  if (folded.text !== text) context = new ScanContext(folded.text, key, budget);
  const candidates: Candidate[] = [];
  collect(candidates, context, folded, detectors);
  if (percent && hasEscapes(text)) {
    // If `%2B` occurs, a bare `+` means a space.
    const decoded = decodeEscapes(text, /%2B/i.test(text));
    collect(candidates, new ScanContext(decoded.text, key, budget), decoded, detectors);
  }
  if (context.traits.escape) {
    for (const decoded of unescapedTexts(text))
      collect(candidates, new ScanContext(decoded.text, key, budget), decoded, detectors);
  }
  if (candidates.length === 0) return NOTHING;
  const open = context.traits.brace || percent ? dropInsidePlaceholders(candidates, text) : candidates;
  return resolveOverlaps(open, text.length);
}

function collect(
  candidates: Candidate[],
  context: ScanContext,
  normalized: NormalizedText,
  detectors: readonly Detector[],
): void {
  for (const detector of detectors) {
    if (!detector.needs(context.traits)) continue;
    context.budget.time.spend(context.text.length);
    for (const span of detector.scan(context)) {
      const start = originalOffset(normalized, span.start);
      const end = originalOffset(normalized, span.end);
      candidates.push({ start, end, kind: span.kind ?? detector.kind, detector: detector.name, rank: detector.rank });
    }
  }
}

/** Drops candidates that overlap a placeholder, except those that contain it and more. */
function dropInsidePlaceholders(candidates: Candidate[], text: string): Candidate[] {
  const placeholders = [...text.matchAll(PLACEHOLDER)].map(({ 0: { length }, index }) => ({
    start: index,
    end: index + length,
  }));
  if (placeholders.length === 0) return candidates;
  let next = 0;
  return candidates
    .sort((a, b) => a.start - b.start)
    .filter((candidate) => {
      while ((placeholders[next]?.end ?? Infinity) <= candidate.start) next += 1;
      const first = placeholders[next];
      if (first === undefined || first.start >= candidate.end) return true;
      let last = first;
      for (let index = next; (placeholders[index]?.start ?? Infinity) < candidate.end; index += 1)
        last = placeholders[index] ?? last;
      const swallows = candidate.start <= first.start && candidate.end >= last.end;
      return swallows && candidate.end - candidate.start > first.end - first.start;
    });
}

/** Drops matches of custom rules inside a larger finding, whose rest would stay visible. Sorts by start. */
function dropNestedCustom(candidates: Candidate[]): Candidate[] {
  let around = { start: 0, end: -1 };
  candidates.sort((a, b) => a.start - b.start || b.end - a.end);
  return candidates.filter(({ rank, start, end }) => {
    if (rank === RANK.custom) return end > around.end || (end === around.end && start === around.start);
    if (end > around.end) around = { start, end };
    return true;
  });
}

/** Whether candidates are in order and do not overlap. */
function areApart(candidates: readonly Candidate[]): boolean {
  let end = 0;
  return candidates.every((candidate) => {
    const isAfter = candidate.start >= end;
    end = candidate.end;
    return isAfter;
  });
}

/** Of overlapping candidates, keeps the one of higher rank, then the longer one. */
function resolveOverlaps(candidates: Candidate[], length: number): readonly Finding[] {
  if (areApart(candidates)) return candidates;
  candidates.sort((a, b) => a.start - b.start);
  if (areApart(candidates)) return candidates;
  candidates = dropNestedCustom(candidates);
  candidates.sort((a, b) => b.rank - a.rank || b.end - b.start - (a.end - a.start) || a.start - b.start);
  const taken: Candidate[] = [];
  const occupied = new Uint8Array(length);
  for (const candidate of candidates) {
    if (occupied.subarray(candidate.start, candidate.end).includes(1)) continue;
    occupied.fill(1, candidate.start, candidate.end);
    taken.push(candidate);
  }
  return taken.sort((a, b) => a.start - b.start);
}

/** Strips internal fields. */
export function findingOf({ start, end, kind, detector }: Finding): Finding {
  return { start, end, kind, detector };
}
