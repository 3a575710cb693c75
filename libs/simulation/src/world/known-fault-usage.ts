import { KNOWN_FAULTS, type KnownFault, type KnownFaultName } from './known-faults';

/** By how many standard deviations chance alone may exceed the share that is expected. */
const DEVIATIONS = 3;

/** How many seeds of a search showed each known fault, and whether one is shown by more than it should be. */
export class KnownFaultUsage {
  readonly #seeds = new Map<KnownFaultName, number[]>();
  #count = 0;

  /** @param shown what explains that the seed fails; none if it does not fail */
  add(seed: number, shown: readonly KnownFaultName[]): void {
    this.#count += 1;
    for (const name of shown) this.#seeds.set(name, [...(this.#seeds.get(name) ?? []), seed]);
  }

  /** Shown by more seeds than its share and chance explain: it has become worse, or it hides another fault. */
  get grown(): readonly KnownFaultName[] {
    return [...this.#seeds].flatMap(([name, { length }]) => (length > this.#most(name) ? [name] : []));
  }

  /** A line for each. */
  get lines(): readonly string[] {
    const grown = new Set(this.grown);
    return [...this.#seeds].map(([name, seeds]) => {
      const { what, mostShown }: KnownFault = KNOWN_FAULTS[name];
      const share = `${percent(seeds.length / this.#count)}, at most ${percent(mostShown)} expected`;
      const verdict = grown.has(name) ? 'SHOWN TOO OFTEN, ' : '';
      return `known fault, ${verdict}${seeds.length} seeds (${share}), the first ${seeds[0]}: ${name} (${what})`;
    });
  }

  #most(name: KnownFaultName): number {
    const { mostShown }: KnownFault = KNOWN_FAULTS[name];
    const expected = mostShown * this.#count;
    return Math.ceil(expected + DEVIATIONS * Math.sqrt(expected)) + 1;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
