import { type SpoolSource } from '@pdaltagent/spool';

/** Lanes are numbers from 0 to 255. */
const MAX_LANES = 256;
/** Decoding and searching a page blocks the event loop. */
const PAGE = { entries: 100, bytes: 256 * 1024 };

export interface SearchResult {
  readonly found: number;
  readonly erased: number;
}

export interface SearchOptions {
  /** Whether a record is to be erased. */
  readonly matches: (record: Buffer) => boolean;
  /** Nothing is erased, only counted. */
  readonly isDryRun: boolean;
  /** Called for each erased entry. */
  readonly onErased: (source: SpoolSource, lane: number, sequence: number) => void;
}

/**
 * Erases entries of spools, each once, although two parties do so at the same time: drains, when an event is published, and searches of
 * an operator. A second erasure of an entry would be counted.
 */
export class SpoolErasures {
  readonly #bySearch = new WeakMap<SpoolSource, Set<string>>();
  /** Erased by drains while searches are running, whose pages may still have them. */
  readonly #byDrain = new Map<SpoolSource, Set<string>>();
  #searches = 0;

  /** Erases an entry that is published or quarantined. */
  erase(source: SpoolSource, lane: number, sequence: number, bytes: number): void {
    if (this.isErased(source, lane, sequence)) return;
    if (this.#searches > 0) namesIn(this.#byDrain, source).add(nameOf(lane, sequence));
    source.erase(lane, sequence, bytes);
  }

  /** Whether a search has erased an entry, which a drain may still hold in memory. */
  isErased(source: SpoolSource, lane: number, sequence: number): boolean {
    return this.#bySearch.get(source)?.has(nameOf(lane, sequence)) === true;
  }

  /** Erases matching entries. Resolves once nothing of them is on the disk. @throws SpoolError if the disk fails */
  async search(source: SpoolSource, options: SearchOptions): Promise<SearchResult> {
    this.#searches += 1;
    try {
      const result = { found: 0, erased: 0 };
      for (let lane = 0; lane < MAX_LANES; lane += 1) await this.#searchLane(source, lane, options, result);
      if (result.erased > 0) await source.purge();
      return result;
    } finally {
      this.#searches -= 1;
      if (this.#searches === 0) this.#byDrain.clear();
    }
  }

  async #searchLane(
    source: SpoolSource,
    lane: number,
    { matches, isDryRun, onErased }: SearchOptions,
    result: { found: number; erased: number },
  ): Promise<void> {
    for (let after = 0; source.entriesOf(lane) > 0;) {
      const page = await source.read(lane, after, PAGE);
      for (const { sequence, bytes, content } of page) {
        after = sequence;
        const name = nameOf(lane, sequence);
        if (this.#byDrain.get(source)?.has(name) === true || this.isErased(source, lane, sequence)) continue;
        if (!matches(content)) continue;
        result.found += 1;
        if (isDryRun) continue;
        namesIn(this.#bySearch, source).add(name);
        source.erase(lane, sequence, bytes);
        onErased(source, lane, sequence);
        result.erased += 1;
      }
      if (page.length === 0) return;
    }
  }
}

interface NamesBySource {
  get(source: SpoolSource): Set<string> | undefined;
  set(source: SpoolSource, names: Set<string>): unknown;
}

function namesIn(all: NamesBySource, source: SpoolSource): Set<string> {
  const names = all.get(source) ?? new Set<string>();
  all.set(source, names);
  return names;
}

function nameOf(lane: number, sequence: number): string {
  return `${lane}:${sequence}`;
}
