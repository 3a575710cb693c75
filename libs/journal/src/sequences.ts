import { type FactSource } from './fact';
import { type FactBatch } from './fact-batch';

/** Batches of a process that are missing, between two that were read. */
export interface Hole {
  readonly source: FactSource;
  /** Sequences of the first and the last of them. */
  readonly first: number;
  readonly last: number;
  /** Times of the facts before and after; milliseconds since 1970. */
  readonly after: number;
  readonly before: number;
}

/** A process that wrote facts. */
export interface WritingProcess {
  readonly source: FactSource;
  readonly startedAt: number | undefined;
  /** If undefined, it still runs, or it was killed: what it did in its last quarter of a second may be missing. */
  readonly stoppedAt: number | undefined;
  /** The time of its last fact. */
  readonly lastAt: number;
}

/** Batches that follow one another. */
interface Run {
  first: number;
  last: number;
  firstAt: number;
  lastAt: number;
}

interface Seen {
  readonly source: FactSource;
  /** In order, with holes between them. */
  readonly runs: Run[];
  startedAt: number | undefined;
  stoppedAt: number | undefined;
  lastAt: number;
}

type Numbered = Pick<FactBatch, 'source' | 'sequence' | 'facts'>;

/** Which batches of each process were read: finds those that came twice, and those that are missing. */
export class Sequences {
  readonly #processes = new Map<string, Seen>();

  /** @returns false if this batch was read before */
  add({ source, sequence, facts }: Numbered): boolean {
    const seen = this.#seenOf(source);
    const at = facts.at(-1)?.at ?? seen.lastAt;
    if (!insert(seen.runs, sequence, facts[0]?.at ?? at, at)) return false;
    seen.lastAt = Math.max(seen.lastAt, at);
    for (const fact of facts) {
      if (fact.kind === 'started') seen.startedAt = fact.at;
      if (fact.kind === 'stopped') seen.stoppedAt = fact.at;
    }
    return true;
  }

  /** What is missing between what was read: not what is before the first batch of a process, which the stream may have dropped. */
  holes(): readonly Hole[] {
    return [...this.#processes.values()].flatMap(({ source, runs }) =>
      runs.slice(1).flatMap((run, index) => {
        const before = runs[index];
        if (before === undefined) return [];
        return [{ source, first: before.last + 1, last: run.first - 1, after: before.lastAt, before: run.firstAt }];
      }),
    );
  }

  processes(): readonly WritingProcess[] {
    return [...this.#processes.values()].map(({ source, startedAt, stoppedAt, lastAt }) => ({
      source,
      startedAt,
      stoppedAt,
      lastAt,
    }));
  }

  #seenOf(source: FactSource): Seen {
    const known = this.#processes.get(source.instance);
    if (known !== undefined) return known;
    const seen = { source, runs: [], startedAt: undefined, stoppedAt: undefined, lastAt: -Infinity };
    this.#processes.set(source.instance, seen);
    return seen;
  }
}

/** @returns false if it is in a run already */
function insert(runs: Run[], sequence: number, firstAt: number, lastAt: number): boolean {
  // Nearly always it follows the last one.
  const index = runs.findLastIndex((run) => run.first <= sequence);
  const before = runs[index];
  const after = runs[index + 1];
  if (before !== undefined && sequence <= before.last) return false;
  const isNext = before?.last === sequence - 1;
  const isPrevious = after?.first === sequence + 1;
  if (before !== undefined && isNext) {
    before.last = sequence;
    before.lastAt = lastAt;
  }
  if (after !== undefined && isPrevious) {
    after.first = sequence;
    after.firstAt = firstAt;
  }
  if (before !== undefined && after !== undefined && isNext && isPrevious) {
    before.last = after.last;
    before.lastAt = after.lastAt;
    runs.splice(index + 1, 1);
  }
  if (!isNext && !isPrevious) runs.splice(index + 1, 0, { first: sequence, last: sequence, firstAt, lastAt });
  return true;
}
