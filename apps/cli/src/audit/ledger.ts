import { type FactStream, MESSAGE_STATES, type OpenProcess } from '@pdaltagent/journal';
import { type JournalIndex, withIndex } from '../journal/journal-index';
import { HistoryReader, type Missing } from '../journal/reader';
import { type Terminal } from '../terminal';
import { Accounts, FACT_GROUPS } from './accounts';
import { SpoolModes } from './spool-modes';

/** What the journal says besides what became of messages. */
export interface Circumstances {
  /** Nothing is known of what happened before, although it was asked for; milliseconds since 1970. */
  readonly beginsAt: number | undefined;
  readonly missing: readonly Missing[];
  readonly processes: readonly OpenProcess[];
  readonly modes: SpoolModes;
}

/** What was accepted between two times, and what became of it. */
export interface Ledger {
  /** As of now. @throws JournalUnavailable */
  accounts(): Promise<Accounts>;
  /** After the accounts. @param isSearched whether something is unaccounted, and is to be explained */
  circumstances(isSearched: boolean): Promise<Circumstances>;
}

/** Reads the stream once, and then what has come meanwhile. */
export class StreamLedger implements Ledger {
  readonly #reader: HistoryReader;
  readonly #accounts: Accounts;
  readonly #modes = new SpoolModes();

  constructor(terminal: Terminal, stream: FactStream, since: number | undefined, until: number | undefined) {
    this.#reader = new HistoryReader(terminal, stream, since);
    this.#accounts = new Accounts(since, until);
  }

  async accounts(): Promise<Accounts> {
    await this.#reader.readOn((placed) => {
      this.#accounts.add(placed);
      this.#modes.add(placed);
    });
    return this.#accounts;
  }

  circumstances(): Promise<Circumstances> {
    const { beginsAt, completeness } = this.#reader;
    const [missing, processes] = [completeness.gaps(), completeness.openProcesses()];
    return Promise.resolve({ beginsAt, missing, processes, modes: this.#modes });
  }
}

/** Asks the index. Only to explain what is unaccounted, it reads the stream too. */
export class IndexLedger implements Ledger {
  readonly #terminal: Terminal;
  readonly #stream: FactStream;
  readonly #since: number | undefined;
  readonly #until: number | undefined;
  #startsAt: number | undefined;
  #missing: readonly Missing[] = [];
  #hasBegun = false;

  constructor(terminal: Terminal, stream: FactStream, since: number | undefined, until: number | undefined) {
    this.#terminal = terminal;
    this.#stream = stream;
    this.#since = since;
    this.#until = until;
  }

  accounts(): Promise<Accounts> {
    return withIndex(this.#terminal, this.#stream, async (index) => {
      if (!this.#hasBegun) index.sayStart(this.#terminal);
      this.#hasBegun = true;
      this.#startsAt = index.startsAt;
      this.#missing = await index.missing();
      return this.#accountsIn(index);
    });
  }

  async circumstances(isSearched: boolean): Promise<Circumstances> {
    const since = this.#since ?? -Infinity;
    const isLater = this.#startsAt !== undefined && this.#startsAt > since;
    const beginsAt = isLater ? this.#startsAt : undefined;
    if (!isSearched) {
      const missing = this.#missing.filter(({ to }) => to >= since);
      return { beginsAt, missing, processes: [], modes: new SpoolModes() };
    }
    const ledger = new StreamLedger(this.#terminal, this.#stream, this.#since, this.#until);
    await ledger.accounts();
    return { ...(await ledger.circumstances()), beginsAt };
  }

  async #accountsIn(index: JournalIndex): Promise<Accounts> {
    const accounts = new Accounts(this.#since, this.#until);
    const since = this.#since ?? 0;
    const until = this.#until === undefined ? Number.MAX_SAFE_INTEGER : this.#until + 1;
    for (const group of FACT_GROUPS) accounts.addDelivered(group, await index.delivered(group, since, until));
    for (const state of MESSAGE_STATES) {
      if (state === 'delivered') continue;
      for await (const { id } of index.messages({ state, since, until }))
        for (const placed of (await index.message(id))?.facts ?? []) accounts.add(placed);
    }
    return accounts;
  }
}
