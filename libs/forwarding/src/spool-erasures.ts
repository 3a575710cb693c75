import { SpoolError, type SpoolSource } from '@pdaltagent/spool';

/** Lanes are numbers from 0 to 255. */
const MAX_LANES = 256;
/** Decoding and searching a page blocks the event loop. */
const PAGE = { entries: 100, bytes: 256 * 1024 };

/** What a search could not do: read to the end, or remove what was erased from the files, which is then done by the next search. */
export interface SearchFailure {
  readonly step: 'search' | 'purge';
  readonly error: SpoolError;
}

/** What was found and erased, although a failure ended the search. */
export interface SearchResult {
  readonly found: number;
  readonly erased: number;
  readonly failures: readonly SearchFailure[];
}

export interface SearchOptions {
  /** Whether a record is to be erased. */
  readonly matches: (record: Buffer) => boolean;
  /** Nothing is erased, only counted. */
  readonly isDryRun: boolean;
  /** Called for each erased entry. */
  readonly onErased: (source: SpoolSource, lane: number, sequence: number, record: Buffer) => void;
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

  /** Erases matching entries. Unless there are failures, nothing of them is on the disk, nor of those that earlier searches erased. */
  async search(source: SpoolSource, options: SearchOptions): Promise<SearchResult> {
    const result = { found: 0, erased: 0 };
    const failures: SearchFailure[] = [];
    this.#searches += 1;
    try {
      await failing(failures, 'search', async () => {
        for (let lane = 0; lane < MAX_LANES; lane += 1) await this.#searchLane(source, lane, options, result);
      });
      if (!options.isDryRun) await failing(failures, 'purge', () => source.purge());
      return { ...result, failures };
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
      const matching = page.filter(({ content }) => matches(content));
      if (matching.length > 0 && !isDryRun) await source.owePurge();
      for (const { sequence, bytes, content } of matching) {
        const name = nameOf(lane, sequence);
        if (this.#byDrain.get(source)?.has(name) === true || this.isErased(source, lane, sequence)) continue;
        result.found += 1;
        if (isDryRun) continue;
        namesIn(this.#bySearch, source).add(name);
        source.erase(lane, sequence, bytes);
        onErased(source, lane, sequence, content);
        result.erased += 1;
      }
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.sequence;
    }
  }
}

/** @throws what is not a failure of the spool */
async function failing(failures: SearchFailure[], step: SearchFailure['step'], work: () => Promise<void>) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SpoolError)) throw error;
    failures.push({ step, error });
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
