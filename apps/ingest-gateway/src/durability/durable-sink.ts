import {
  PublishingLink,
  type PublishingLinkOptions,
  type OutgoingMessage,
  readRecord,
  writeRecord,
} from '@pdaltagent/messaging';
import { type Logger } from '@pdaltagent/service';
import { type Spool, SpoolError, type SpoolFailure, type StoredEntry } from '@pdaltagent/spool';
import { setTimeout as delay } from 'node:timers/promises';
import { type EventSink, NotDurable } from '../ports';
import { type Spooled } from './drain';
import { Passage } from './passage';
import { type Cause, type Mode, type PassageLimits } from './passage-ports';
import { SequenceMap } from './sequence-map';

const TICK_MS = 100;
const PAGE = { entries: 1_000, bytes: 4 * 1024 * 1024 };
/** Sequences are microseconds since 1970, so that they grow over restarts and tell an entry's age. */
const SEQUENCES_PER_MS = 1_000;
const CLOSE_GRACE_MS = 3_000;

export interface DurableSinkOptions {
  readonly link: Pick<PublishingLinkOptions, 'url' | 'name' | 'family' | 'queueType'>;
  readonly spool: Spool;
  readonly limits: PassageLimits;
  readonly log: Logger;
  /** Called at each change, for metrics. */
  readonly changed: (mode: Mode, cause: Cause | undefined) => void;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Where events become durable: confirmed by the broker, or synced to the spool, which drains into the broker. */
export class DurableSink implements EventSink {
  readonly #spool: Spool;
  readonly #log: Logger;
  readonly #link: PublishingLink;
  readonly #passage: Passage<OutgoingMessage, SpoolFailure>;
  readonly #waiting = new SequenceMap<Waiting>();
  /** Of each folder the sequences that only a newer version understands: they stay there for it. */
  readonly #newer = new Map<string, Set<number>>();
  #timer: NodeJS.Timeout | undefined;
  #last: number;
  #isClosing = false;

  constructor({ link, spool, limits, log, changed }: DurableSinkOptions) {
    this.#spool = spool;
    this.#log = log;
    this.#last = spool.last;
    this.#link = new PublishingLink({
      ...link,
      log,
      opened: () => {
        this.#passage.opened(Date.now());
        if (this.#link.state() === 'blocked') this.#passage.blocked(Date.now());
      },
      lost: () => this.#passage.lost(Date.now()),
      blocked: () => this.#passage.blocked(Date.now()),
      unblocked: () => this.#passage.unblocked(Date.now()),
    });
    this.#passage = new Passage<OutgoingMessage, SpoolFailure>(
      {
        send: (sequence, message, isAgain) => this.#send(sequence, message, isAgain),
        store: (sequence, message) => void this.#store(sequence, message),
        erase: (sequence, bytes) => spool.erase(sequence, bytes),
        read: (after) => void this.#read(after),
        entries: () => spool.entries - this.#newerIn(spool),
        answer: (sequence, verdict) => this.#answer(sequence, verdict === 'durable' ? undefined : verdict.failure),
        renew: () => this.#link.renew(),
        changed: (mode, cause) => {
          if (mode === 'direct') log.info('events go straight to the broker');
          else log.warn('events go to the spool', { cause });
          changed(mode, cause);
        },
      },
      limits,
    );
  }

  get mode(): Mode {
    return this.#passage.mode;
  }

  get broker(): 'connected' | 'blocked' | 'away' {
    return this.#link.state();
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    if (this.#spool.entries > 0) this.#log.warn('the spool holds events of before', { entries: this.#spool.entries });
    this.#timer = setInterval(() => this.#passage.tick(Date.now()), TICK_MS);
    this.#link.start();
  }

  /** Resolves once the event is durable. @throws NotDurable */
  publish(message: OutgoingMessage): Promise<void> {
    return this.#take((sequence, now) => this.#passage.accept(sequence, message, now));
  }

  /**
   * Moves all that another instance left behind into the spool of this one, in order.
   * @throws NotDurable where there is no room; what was not moved stays where it was
   */
  async adopt(other: Spool): Promise<void> {
    if (other.entries <= this.#newerIn(other)) return;
    this.#log.warn('another instance left events behind: they are taken over', {
      folder: other.folder,
      entries: other.entries,
    });
    for (let after = 0; ;) {
      const page = await other.read(after, PAGE);
      if (page.length === 0) return;
      await Promise.all(
        page.map(async ({ sequence, bytes, content }) => {
          const message = this.#message(other, { sequence, bytes, content });
          if (message === undefined) return;
          await this.#take((at, now) => this.#passage.adopt(at, message, now));
          other.erase(sequence, bytes);
        }),
      );
      after = page.at(-1)?.sequence ?? after;
    }
  }

  /** How old the oldest event in the spool is; seconds. */
  async oldestAgeSeconds(): Promise<number> {
    const oldest = this.#spool.entries === 0 ? undefined : await this.#spool.oldest();
    return oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest / SEQUENCES_PER_MS) / 1_000);
  }

  /** To be called when nothing is published any more. What the spool holds is drained by whoever takes it next. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const end = Date.now() + CLOSE_GRACE_MS;
    while (this.#passage.unconfirmed > 0 && this.#link.state() === 'connected' && Date.now() < end) await delay(10);
    clearInterval(this.#timer);
    await this.#link.close();
    await this.#spool.close();
  }

  #take(accept: (sequence: number, now: number) => void): Promise<void> {
    const now = Date.now();
    this.#last = Math.max(this.#last + 1, now * SEQUENCES_PER_MS);
    const sequence = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(sequence, { resolve, reject });
      accept(sequence, now);
    });
  }

  #send(sequence: number, message: OutgoingMessage, isAgain: boolean): boolean {
    if (this.#isClosing && isAgain) return false;
    return this.#link.publish(message, (settlement) =>
      this.#passage.settled(sequence, settlement === 'confirmed', Date.now()),
    );
  }

  async #store(sequence: number, message: OutgoingMessage): Promise<void> {
    const record = writeRecord(message);
    try {
      await this.#spool.append(sequence, record);
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      this.#passage.notStored(sequence, error.code, Date.now());
      return;
    }
    this.#passage.stored(sequence, record.length, Date.now());
  }

  async #read(after: number): Promise<void> {
    const entries: Spooled<OutgoingMessage>[] = [];
    try {
      // What stays in the spool must not hide what comes after it.
      for (let from = after; entries.length === 0;) {
        const page = await this.#spool.read(from, PAGE);
        for (const entry of page) {
          const message = this.#message(this.#spool, entry);
          if (message !== undefined) entries.push({ sequence: entry.sequence, bytes: entry.bytes, event: message });
        }
        const last = page.at(-1);
        if (last === undefined) break;
        from = last.sequence;
      }
    } catch (error) {
      // It is asked again with the next tick.
      this.#log.error('the spool cannot be read', { error });
    }
    this.#passage.read(entries, Date.now());
  }

  /** The message of an entry. One that only a newer version understands stays where it is; one that is damaged is dropped. */
  #message(spool: Spool, { sequence, bytes, content }: StoredEntry): OutgoingMessage | undefined {
    const read = readRecord(content);
    switch (read.kind) {
      case 'message':
        return read.message;
      case 'newer':
        this.#leave(spool, sequence, read.version);
        return undefined;
      case 'damaged':
        this.#log.error('a spooled event cannot be understood: dropped', { sequence });
        spool.erase(sequence, bytes);
        return undefined;
    }
  }

  #leave({ folder }: Spool, sequence: number, version: number): void {
    const left = this.#newer.get(folder) ?? new Set<number>();
    if (left.has(sequence)) return;
    this.#newer.set(folder, left.add(sequence));
    this.#log.error('a spooled event was written by a newer version: it stays in the spool for that version', {
      folder,
      sequence,
      version,
    });
  }

  #newerIn({ folder }: Spool): number {
    return this.#newer.get(folder)?.size ?? 0;
  }

  #answer(sequence: number, failure: SpoolFailure | undefined): void {
    const waiting = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    if (failure === undefined) waiting?.resolve();
    else waiting?.reject(new NotDurable(failure));
  }
}
