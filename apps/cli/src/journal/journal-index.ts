import { every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import {
  type Activity,
  type FoundMessage,
  History,
  HistoryError,
  type MessageWithFacts,
  type SearchOptions,
} from '@pdaltagent/history';
import { type FactGroup, type FactStream } from '@pdaltagent/journal';
import { historyVariables, readConfiguration, spoolVariables } from '@pdaltagent/service';
import path from 'node:path';
import { instantOf } from '../duration';
import { Progress } from '../progress';
import { CliError, type Terminal } from '../terminal';
import { type Missing } from './reader';

const MINUTE_MS = 60_000;
const PAGE = 1_000;
const PROGRESS_EVERY_MS = 200;
const SILENT = { info: () => undefined };

type IndexTerminal = Pick<Terminal, 'environment' | 'error' | 'showsProgress' | 'historyWorker'>;

/**
 * Reads what the index of the journal lacks into it, and asks it. It is closed at the end.
 * @throws JournalUnavailable if the stream cannot be read; CliError that says why the index cannot be
 */
export async function withIndex<Result>(
  terminal: IndexTerminal,
  stream: FactStream,
  ask: (index: JournalIndex) => Promise<Result>,
): Promise<Result> {
  const configuration = readConfiguration({ ...spoolVariables, ...historyVariables }, terminal.environment);
  const history = new History({
    folder: path.join(configuration.stateFolder, 'history'),
    stream,
    log: { ...SILENT, warn: (message) => terminal.error(`${message}\n`) },
    clock: SYSTEM_CLOCK,
    limits: {
      maximumAgeMs: configuration.historyMaxAgeSeconds * 1_000,
      maximumBytes: configuration.historyMaxBytes,
    },
    follow: false,
    script: terminal.historyWorker,
  });
  history.start();
  try {
    await caughtUp(history, terminal);
    await history.removeOld();
    return await ask(new JournalIndex(history));
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error;
    throw new CliError(`the index of the journal cannot be read: ${error.message}`);
  } finally {
    await history.stop();
  }
}

async function caughtUp(history: History, terminal: IndexTerminal): Promise<void> {
  const progress = new Progress(terminal, 'read');
  let begin: number | undefined;
  const stop = every(SYSTEM_CLOCK, PROGRESS_EVERY_MS, () => {
    const { offset, stream } = history.progress;
    if (!terminal.showsProgress || offset === undefined || stream === undefined) return;
    begin ??= offset;
    const percent = stream.last <= begin ? 100 : Math.floor((100 * (offset - begin)) / (stream.last - begin));
    progress.at(offset - begin, `batches of the journal into the index, ${percent} %`);
  });
  try {
    await history.caughtUp();
  } finally {
    stop();
    progress.end();
  }
}

/** What commands ask the index. */
export class JournalIndex {
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  /** Nothing is known of what happened before; milliseconds since 1970. */
  get startsAt(): number | undefined {
    return this.#history.startsAt;
  }

  sayStart({ error }: Pick<Terminal, 'error'>): void {
    const { startsAt } = this;
    error(startsAt === undefined ? 'the index is empty\n' : `the history starts at ${instantOf(startsAt)}\n`);
  }

  /** Number of delivered messages of a group; accepted between these times, the second exclusive; milliseconds since 1970. */
  async delivered(group: FactGroup, since: number, until: number): Promise<number> {
    // Whole minutes have been counted already.
    const from = Math.ceil(since / MINUTE_MS) * MINUTE_MS;
    const to = Math.floor(until / MINUTE_MS) * MINUTE_MS;
    if (from >= to) return this.#countDelivered(group, since, until);
    const accounts = await this.#history.accounts({ since: from, until: to });
    const before = await this.#countDelivered(group, since, from);
    return accounts[group].delivered + before + (await this.#countDelivered(group, to, until));
  }

  async #countDelivered(group: FactGroup, since: number, until: number): Promise<number> {
    let count = 0;
    if (since >= until) return count;
    for await (const { length } of this.#pages({ group, state: 'delivered', since, until })) count += length;
    return count;
  }

  /** Every message that is found, the latest first. */
  async *messages(options: SearchOptions): AsyncGenerator<FoundMessage, void, void> {
    for await (const items of this.#pages(options)) yield* items;
  }

  async *#pages(options: SearchOptions): AsyncGenerator<readonly FoundMessage[], void, void> {
    let cursor: string | undefined;
    do {
      const page = await this.#history.search({ ...options, limit: PAGE, cursor });
      yield page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  message(id: string): Promise<MessageWithFacts | undefined> {
    return this.#history.message(id);
  }

  /** The latest facts of these kinds, up to a limit, in order of time. */
  async activity(kinds: readonly string[], since: number, limit: number): Promise<readonly Activity[]> {
    const { items } = await this.#history.activity({ kinds, since, limit });
    return items.toReversed();
  }

  /** What is missing in it. */
  async missing(): Promise<readonly Missing[]> {
    const { holes, batches } = await this.#history.missing();
    const gaps = await this.activity(['gap'], 0, PAGE);
    return [
      ...holes.map(({ since, until }) => ({ source: undefined, facts: undefined, from: since, to: until })),
      ...batches.map(({ source, before }) => ({ source, facts: undefined, from: undefined, to: before })),
      ...gaps.map(({ by, at, content: { facts, from, to } }) => ({
        source: by,
        facts: typeof facts === 'number' ? facts : undefined,
        from: typeof from === 'number' ? from : undefined,
        to: typeof to === 'number' ? to : at,
      })),
    ].sort((a, b) => a.to - b.to);
  }
}
