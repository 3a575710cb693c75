import { detect, type Finding } from './detect';
import { type Detector } from './detector';
import { applyEdits, composeEdits, type Edit } from './edits';
import { type Budget } from './scan-context';

/** How a text is scanned and what replaces the findings. */
export interface ScanOptions {
  readonly detectors: readonly Detector[];
  readonly budget: Budget;
  /** The replacement for a finding. */
  readonly replacement: (kind: string, value: string) => string;
  /** Selects the findings that count. Default: all. */
  readonly filter?: (text: string) => (finding: Finding) => boolean;
}

/** A replacement can reveal another value (a digit next to it is gone), so a changed text is scanned again. */
const MAX_ROUNDS = 4;
const NOTHING: readonly Edit[] = [];

/** A text in which everything that was found is replaced, and the edits of the original text that do it. */
export interface ScannedText {
  readonly text: string;
  readonly edits: readonly Edit[];
}

/** Replaces everything that is found in a text under an object key (empty if none). A scan of the result finds nothing. */
export function scanText(text: string, key: string, scan: ScanOptions): ScannedText {
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
  return { text: current, edits };
}
