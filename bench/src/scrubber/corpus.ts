import { createScrubber, type Replacement } from '@pdaltagent/scrubber';
import { readFileSync } from 'node:fs';
import { report } from './report';

interface Span {
  readonly start: number;
  readonly end: number;
}
interface Label extends Span {
  readonly type: string;
}
interface Row {
  readonly kind: string;
  readonly text: string;
  readonly key?: string;
  /** Positions in code points, as in Python. */
  readonly spans: readonly Label[];
}
interface Tally {
  labels: number;
  hits: number;
  predictions: number;
  right: number;
}

/** Maps the scrubber's kinds to the types of the corpus. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['PHONE', 'PHONE_NUMBER'],
  ['PHONE_WITH_EXT', 'PHONE_NUMBER'],
  ['SSN_NUMBER', 'US_SSN'],
  ['BTC_ADDRESS', 'CRYPTO_ADDRESS'],
]);
/** Labelled types that the core detectors ignore on purpose; they are not scored. */
const OPTIONAL_TYPES = ['IP_ADDRESS', 'MAC_ADDRESS', 'ZIP_CODE', 'PERSON'];

const scrubber = createScrubber();

/** Scores the core detectors on labelled texts, like the profile `core` of the corpus's own scorer. */
export function scoreCorpus(file: string): void {
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
  const score = new Score();
  for (const row of rows) score.add(row);
  console.log(`labelled texts: ${rows.length}`);
  score.print();
}

class Score {
  readonly #tallies = new Map<string, Tally>();
  #visible = 0;
  #labelled = 0;
  #negatives = 0;
  #damaged = 0;

  add({ kind, text, key, spans }: Row): void {
    const units = unitsOf(text);
    const all = spans.map(({ start, end, type }) => ({ start: units[start] ?? 0, end: units[end] ?? 0, type }));
    const labels = all.filter(({ type }) => !OPTIONAL_TYPES.includes(type));
    const ignored = all.filter(({ type }) => OPTIONAL_TYPES.includes(type));
    const made = scrubber.explainText(text, key);
    for (const label of labels) {
      const tally = this.#tallyOf(label.type);
      tally.labels += 1;
      if (made.some((one) => typeOf(one) === label.type && overlap(one, label) >= 0.5)) tally.hits += 1;
      for (let index = label.start; index < label.end; index += 1) {
        if (!/[\p{L}\p{N}]/u.test(text[index] ?? '')) continue;
        this.#labelled += 1;
        if (!made.some(({ start, end }) => index >= start && index < end)) this.#visible += 1;
      }
    }
    for (const one of made) {
      const beside = !labels.some((label) => overlap(one, label) > 0);
      if (beside && ignored.some((label) => overlap(one, label) > 0)) continue;
      const tally = this.#tallyOf(typeOf(one));
      tally.predictions += 1;
      if (labels.some((label) => typeOf(one) === label.type && overlap(one, label) >= 0.5)) tally.right += 1;
    }
    if (kind !== 'neg') return;
    this.#negatives += 1;
    if (made.length > 0) this.#damaged += 1;
  }

  print(): void {
    const sum = (field: keyof Tally): number =>
      [...this.#tallies.values()].reduce((all, tally) => all + tally[field], 0);
    const precision = sum('right') / sum('predictions');
    const recall = sum('hits') / sum('labels');
    report('typed precision', precision.toFixed(3), precision >= 0.97, 'at least 0.97');
    report('typed recall', recall.toFixed(3), recall >= 0.97, 'at least 0.97');
    for (const [type, { labels, hits, predictions, right }] of [...this.#tallies].sort()) {
      const found = labels === 0 ? 1 : hits / labels;
      const figures = `${hits}/${labels} found, ${right}/${predictions} right`;
      report(`  ${type}`, figures, found >= 0.9, 'at least 0.90 of each found');
    }
    const leak = this.#visible / this.#labelled;
    report('labelled letters and digits still visible', percent(leak), leak <= 0.02, 'at most 2 %');
    const damage = this.#damaged / this.#negatives;
    const of = `${percent(damage)} (${this.#damaged}/${this.#negatives})`;
    report('hard negatives altered', of, damage <= 0.01, 'at most 1 %');
  }

  #tallyOf(type: string): Tally {
    const tally = this.#tallies.get(type) ?? { labels: 0, hits: 0, predictions: 0, right: 0 };
    this.#tallies.set(type, tally);
    return tally;
  }
}

const typeOf = ({ kind }: Replacement): string => TYPES.get(kind) ?? kind;
const percent = (part: number): string => `${(part * 100).toFixed(2)} %`;

/** Intersection over union of two spans. */
function overlap(a: Span, b: Span): number {
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return shared <= 0 ? 0 : shared / (Math.max(a.end, b.end) - Math.min(a.start, b.start));
}

/** The UTF-16 offset of each code point, and of the end. */
function unitsOf(text: string): number[] {
  const units: number[] = [];
  let unit = 0;
  for (const character of text) {
    units.push(unit);
    unit += character.length;
  }
  units.push(unit);
  return units;
}
