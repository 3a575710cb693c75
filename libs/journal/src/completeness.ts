import { type FactOf, type FactSource } from './fact';
import { type FactBatch } from './fact-batch';
import { Sequences } from './sequences';

/** Facts that a process wrote, and that are not in the stream. */
export interface Gap {
  readonly source: FactSource;
  /** Undefined if whole batches are missing, whose facts nobody counted. */
  readonly facts: number | undefined;
  /** They happened between these times, by the clock of their process; milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** A process of which the last fact is not that it stopped: it runs, or it was killed and its last facts are lost. */
export interface OpenProcess {
  readonly source: FactSource;
  readonly lastAt: number;
  /** A later process of this service has started on its host: this one was killed, unless several run there. */
  readonly isReplaced: boolean;
}

/** What a reader must know of the batches that it has read: when they begin, and what is missing. */
export class Completeness {
  readonly #sequences = new Sequences();
  readonly #dropped: { readonly source: FactSource; readonly gap: FactOf<'gap'> }[] = [];
  /** The first fact of each process, by its instance. */
  readonly #firstAt = new Map<string, number>();
  #beginsAt: number | undefined;

  /** The time of the earliest fact; undefined before the first one. */
  get beginsAt(): number | undefined {
    return this.#beginsAt;
  }

  /** @returns false for a batch that was added before: its facts must be ignored */
  add(batch: FactBatch): boolean {
    if (!this.#sequences.add(batch)) return false;
    const { source, facts } = batch;
    for (const fact of facts) {
      this.#beginsAt = Math.min(this.#beginsAt ?? Infinity, fact.at);
      if (fact.kind === 'gap') this.#dropped.push({ source, gap: fact });
    }
    const [first] = facts;
    if (first !== undefined && !this.#firstAt.has(source.instance)) this.#firstAt.set(source.instance, first.at);
    return true;
  }

  /** What is missing, oldest first. Batches before the first one of a process are not: the stream keeps them for a time only. */
  gaps(): Gap[] {
    const holes = this.#sequences
      .holes()
      .map(({ source, after, before }): Gap => ({ source, facts: undefined, from: after, to: before }));
    const dropped = this.#dropped.map(({ source, gap: { facts, from, to } }): Gap => ({ source, facts, from, to }));
    return [...holes, ...dropped].sort((a, b) => a.from - b.from);
  }

  openProcesses(): OpenProcess[] {
    const all = this.#sequences.processes();
    return all
      .filter(({ stoppedAt }) => stoppedAt === undefined)
      .map(({ source, lastAt }) => ({
        source,
        lastAt,
        isReplaced: all.some(
          (other) =>
            other.source.instance !== source.instance &&
            other.source.service === source.service &&
            other.source.host === source.host &&
            (this.#firstAt.get(other.source.instance) ?? 0) >= lastAt,
        ),
      }))
      .sort((a, b) => a.lastAt - b.lastAt);
  }
}
