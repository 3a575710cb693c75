import { detect, type Finding } from './detect';
import { type Detector } from './detector';
import { applyEdits, composeEdits, type Edit } from './edits';
import { type Budget } from './scan-context';

/** How a text is looked at and what is written in place of what is found. */
export interface ScanOptions {
  readonly detectors: readonly Detector[];
  readonly budget: Budget;
  /** The text written for a finding. */
  readonly replacement: (kind: string, value: string) => string;
  /** Which findings in a text count; all without it. */
  readonly filter?: (text: string) => (finding: Finding) => boolean;
}

/** Replacing one thing can bring another to light (a digit next to it is gone), so a changed text is looked at again. */
const MAX_ROUNDS = 4;
const NOTHING: readonly Edit[] = [];

/** The edits that take everything out of a text that was found in it. Looking at the result again finds nothing. */
export function editsOf(text: string, key: string, scan: ScanOptions): readonly Edit[] {
  let edits = NOTHING;
  let current = text;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const found = detect(current, key, scan.detectors, scan.budget);
    const accepted = scan.filter === undefined || found.length === 0 ? found : found.filter(scan.filter(current));
    if (accepted.length === 0) break;
    const latest = current;
    const made = accepted.map(({ start, end, kind, detector }) => ({
      start,
      end,
      kind,
      detector,
      text: scan.replacement(kind, latest.slice(start, end)),
    }));
    edits = edits.length === 0 ? made : composeEdits(edits, made);
    current = applyEdits(text, edits);
  }
  return edits;
}
