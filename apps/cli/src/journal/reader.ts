import {
  Completeness,
  Erasures,
  type FactBatch,
  type FactStream,
  type Gap,
  type PlacedFact,
  type ReadFrom,
  type ReadProgress,
} from '@pdaltagent/journal';
import { instantOf } from '../duration';
import { Progress } from '../progress';
import { type Terminal } from '../terminal';

/** Facts of one message may be this much older by another host's clock, and wait in a process before they are published. */
const CLOCKS_DIFFER_MS = 60_000;

/** Facts that are not there. An index knows neither when the ones before were written, nor of a stream that was deleted whose they were. */
export type Missing = Pick<Gap, 'facts' | 'to'> & {
  readonly source: Gap['source'] | undefined;
  readonly from: number | undefined;
};

/** Reads the journal once, and then what has come meanwhile, as often as is asked. A batch that arrives twice is used once. */
export class HistoryReader {
  readonly completeness = new Completeness();
  readonly erasures = new Erasures();
  readonly #terminal: Terminal;
  readonly #stream: FactStream;
  readonly #since: number | undefined;
  #last: number | undefined;
  #facts = 0;

  /** @param since facts before it are not of interest; milliseconds since 1970. Undefined: everything that the stream has */
  constructor(terminal: Terminal, stream: FactStream, since?: number) {
    this.#terminal = terminal;
    this.#stream = stream;
    this.#since = since;
  }

  /** The time of its first fact, if there may be none of before; undefined if the time that was asked for is later. */
  get beginsAt(): number | undefined {
    const { beginsAt } = this.completeness;
    return beginsAt !== undefined && beginsAt > (this.#since ?? -Infinity) ? beginsAt : undefined;
  }

  /** Number of facts that were read. */
  get facts(): number {
    return this.#facts;
  }

  /** Reads to the end, from where the last call ended. @throws JournalUnavailable */
  async readOn(onFact: (placed: PlacedFact) => void): Promise<void> {
    const progress = new Progress(this.#terminal, 'read');
    let percent = 0;
    let begin: number | undefined;
    const onProgress = ({ offset, last }: ReadProgress): void => {
      const length = last - (begin ?? last);
      percent = length <= 0 ? 100 : Math.floor((100 * (offset - last + length)) / length);
    };
    try {
      for await (const batch of this.#stream.read({ from: this.#from(), follow: false, onProgress })) {
        begin ??= batch.offset;
        this.#add(batch, onFact);
        if (this.#terminal.showsProgress) progress.at(this.#facts, `facts of the journal, ${percent} %`);
      }
    } finally {
      progress.end();
    }
  }

  /** Goes on with what is published from now on, until the signal aborts. @throws JournalUnavailable */
  async follow(signal: AbortSignal, onFact: (placed: PlacedFact) => void): Promise<void> {
    const from: ReadFrom = this.#last === undefined ? 'next' : { offset: this.#last };
    for await (const batch of this.#stream.read({ from, follow: true, signal })) this.#add(batch, onFact);
  }

  /** The last batch again rather than the one after it, which may not be there yet. */
  #from(): ReadFrom {
    if (this.#last !== undefined) return { offset: this.#last };
    return this.#since === undefined ? 'first' : { at: this.#since - CLOCKS_DIFFER_MS };
  }

  #add(batch: FactBatch, onFact: (placed: PlacedFact) => void): void {
    this.#last = Math.max(this.#last ?? 0, batch.offset);
    if (!this.completeness.add(batch)) return;
    const { source, sequence, facts } = batch;
    this.#facts += facts.length;
    facts.forEach((fact, index) => {
      if (fact.kind === 'erased') this.erasures.add(fact);
      onFact({ fact, source, sequence, index });
    });
  }
}

/** What the reader of a result must know of what is missing in it, between two times; one line each. */
export function missingLines(
  missing: readonly Missing[],
  beginsAt: number | undefined,
  from: number,
  to = Infinity,
): string[] {
  const begin =
    beginsAt !== undefined && beginsAt > from ? [`the journal has nothing from before ${instantOf(beginsAt)}`] : [];
  const gaps = missing
    .filter((gap) => gap.to >= from && (gap.from ?? gap.to) <= to)
    .map((gap) => `missing: ${gapText(gap)}`);
  return [...begin, ...gaps];
}

/** `12 facts of delivery-worker on w1, 2026-03-01T12:00:05Z to 12:00:09Z`. */
export function gapText({ source, facts, from, to }: Missing): string {
  const what = facts === undefined ? 'some facts' : `${facts} ${facts === 1 ? 'fact' : 'facts'}`;
  const of = source === undefined ? '' : ` of ${source.service} on ${source.host}`;
  if (from === undefined) return `${what}${of}, before ${instantOf(to)}`;
  const [begin, end] = [instantOf(from), instantOf(to)];
  const until = end.slice(0, 10) === begin.slice(0, 10) ? end.slice(11) : end;
  return `${what}${of}, ${begin} to ${until}`;
}
