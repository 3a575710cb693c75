import { PublishingLink, type PublishingLinkOptions, type OutgoingMessage } from '@pdaltagent/messaging';
import { type Logger } from '@pdaltagent/service';
import { type Spool, SpoolError, type SpoolFailure } from '@pdaltagent/spool';
import { setTimeout as delay } from 'node:timers/promises';
import { type EventSink, NotDurable } from '../ports';
import { type Spooled } from './drain';
import { readRecord, writeRecord } from './message-record';
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
        entries: () => spool.entries,
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
    this.#log.warn('another instance left events behind: they are taken over', {
      folder: other.folder,
      entries: other.entries,
    });
    for (;;) {
      const page = await other.read(0, PAGE);
      if (page.length === 0) return;
      await Promise.all(
        page.map(async ({ sequence, bytes, content }) => {
          const message = this.#message(sequence, content);
          if (message !== undefined) await this.#take((at, now) => this.#passage.adopt(at, message, now));
          other.erase(sequence, bytes);
        }),
      );
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
      for (const { sequence, bytes, content } of await this.#spool.read(after, PAGE)) {
        const message = this.#message(sequence, content);
        if (message === undefined) this.#spool.erase(sequence, bytes);
        else entries.push({ sequence, bytes, event: message });
      }
    } catch (error) {
      // It is asked again with the next tick.
      this.#log.error('the spool cannot be read', { error });
    }
    this.#passage.read(entries, Date.now());
  }

  #message(sequence: number, content: Buffer): OutgoingMessage | undefined {
    const message = readRecord(content);
    if (message === undefined) this.#log.error('a spooled event cannot be understood: dropped', { sequence });
    return message;
  }

  #answer(sequence: number, failure: SpoolFailure | undefined): void {
    const waiting = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    if (failure === undefined) waiting?.resolve();
    else waiting?.reject(new NotDurable(failure));
  }
}
