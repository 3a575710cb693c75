import { type Clock } from '@pdaltagent/clock';
import { type SendStatus } from '@pdaltagent/messaging';
import { type UnpublishableReason } from './lane-ports';
import { type ReadAhead } from './read-ahead';

/** Events with the same order key are published one after another. */
export interface Keyed {
  readonly orderKey: string;
}

/** An event in a spool. */
export interface SpooledEvent<Event> {
  readonly sequence: number;
  /** Its size in the spool. */
  readonly bytes: number;
  readonly event: Event;
}

export interface DrainPorts<Event> {
  /** Sends an event that may have been sent before. */
  send(event: Event, onSettled: (isConfirmed: boolean) => void): SendStatus;
  erase(spooled: SpooledEvent<Event>): void;
  /** Whether an entry that was read has been erased since by somebody else: it is not to be sent. */
  isErased(sequence: number): boolean;
  /** Reads the next entries after a sequence. Later calls `onEntriesRead`. */
  read(after: number): void;
  /** Number of entries still to drain. */
  remaining(): number;
  /** Quarantines an event that can never be published. Calls back with true once it is stored, false if it cannot be stored. */
  quarantine(event: Event, reason: UnpublishableReason, done: (isStored: boolean) => void): void;
}

/** Limits of events that are read ahead and held in memory; a single entry may exceed the bytes. */
export const WINDOW_EVENTS = 512;
export const WINDOW_BYTES = 1024 * 1024;
/** With fewer, a drain reads ahead even if all drains together hold as much as they may. */
const MINIMUM_EVENTS = 16;
/** Pause after the broker refused an event; milliseconds. */
const REFUSAL_BACKOFF_MS = 250;
/** Pause after an event could not be quarantined, because sending it again may close the channel; milliseconds. */
const QUARANTINE_RETRY_MS = 5_000;
const BEGINNING = 0;

/**
 * Publishes the events that one spool holds for one lane: the oldest are held in memory, those with different order keys are sent
 * concurrently, and of each order key at most one is unconfirmed. After a refusal it starts with the oldest again. Does no I/O.
 */
export class Drain<Event extends Keyed> {
  readonly #ports: DrainPorts<Event>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #readAhead: ReadAhead;
  /** By order key, oldest first; the first of each is ready or in flight. */
  readonly #queues = new Map<string, SpooledEvent<Event>[]>();
  readonly #inFlight = new Map<SpooledEvent<Event>, { sentAt: number }>();
  /** Being quarantined. */
  readonly #quarantining = new Set<number>();
  /** Quarantined and erased while a read was in progress, which may still return them. */
  readonly #quarantinedDuringRead = new Set<number>();
  /** Could not be quarantined: the events after them are drained first. */
  readonly #quarantineFailed = new Set<number>();
  #quarantineRetryAt = -Infinity;
  #ready: SpooledEvent<Event>[] = [];
  #windowEvents = 0;
  #windowBytes = 0;
  #cursor = BEGINNING;
  #reading: 'idle' | 'reading' | 'stale' = 'idle';
  #hasMore = true;
  #wasRefused = false;
  #backoffUntil = -Infinity;

  constructor(ports: DrainPorts<Event>, clock: Pick<Clock, 'monotonic'>, readAhead: ReadAhead) {
    this.#ports = ports;
    this.#clock = clock;
    this.#readAhead = readAhead;
  }

  /** Events sent and not settled. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** When the oldest event in flight was sent. */
  get oldestSentAt(): number | undefined {
    return this.#inFlight.values().next().value?.sentAt;
  }

  /** Whether everything has been drained. */
  get isDone(): boolean {
    return this.#inFlight.size === 0 && this.#ports.remaining() === 0;
  }

  /** Whether nothing can be done now, although entries may be left. */
  get isIdle(): boolean {
    return this.#windowEvents === 0 && this.#reading === 'idle' && !this.#hasMore;
  }

  /** Sends what may be sent, with at most `window` in flight, and reads ahead. */
  pump(window: number): void {
    const now = this.#clock.monotonic();
    if (this.#wasRefused || now < this.#backoffUntil) return;
    while (this.#inFlight.size < window) {
      const spooled = this.#ready[0];
      if (spooled === undefined) break;
      if (this.#ports.isErased(spooled.sequence)) {
        this.#ready.shift();
        this.#removeFromWindow(spooled);
        continue;
      }
      const sent = this.#ports.send(spooled.event, (isConfirmed) => this.#onSettled(spooled, isConfirmed));
      if (sent === 'ended') break;
      this.#ready.shift();
      if (sent === 'sent') this.#inFlight.set(spooled, { sentAt: now });
      else {
        this.#removeFromWindow(spooled);
        this.#quarantine(spooled, { problem: 'unencodable' });
      }
    }
    if (this.#reading !== 'idle' || !this.#hasMore) return;
    if (this.#windowEvents >= WINDOW_EVENTS / 2 || this.#windowBytes >= WINDOW_BYTES / 2) return;
    if (this.#readAhead.isFull && this.#windowEvents >= MINIMUM_EVENTS) return;
    this.#reading = 'reading';
    this.#hasMore = false;
    this.#ports.read(this.#cursor);
  }

  /** An entry was added to the spool. */
  onEntryAdded(): void {
    this.#hasMore = true;
  }

  /** The result of `read`: the next entries, oldest first; none at the end of the spool. */
  onEntriesRead(entries: readonly SpooledEvent<Event>[]): void {
    const isWanted = this.#reading === 'reading';
    this.#reading = 'idle';
    if (isWanted) {
      for (const spooled of entries) this.#addToWindow(spooled);
      if (entries.length > 0) this.#hasMore = true;
    }
    this.#quarantinedDuringRead.clear();
  }

  /** If all entries that were read are done and the spool is not empty, reads it from the beginning again. */
  rescan(): void {
    if (this.#windowEvents > 0 || this.#reading !== 'idle') return;
    if (this.#clock.monotonic() >= this.#quarantineRetryAt) this.#quarantineFailed.clear();
    if (this.#ports.remaining() <= this.#quarantining.size + this.#quarantineFailed.size) return;
    this.#cursor = BEGINNING;
    this.#hasMore = true;
  }

  /** Restarts the timeouts of events in flight, so that the time in which the broker was blocked does not count. */
  resetTimeouts(): void {
    const now = this.#clock.monotonic();
    for (const sent of this.#inFlight.values()) sent.sentAt = now;
  }

  /** The channel was lost: starts with the oldest again. */
  restart(): void {
    this.#queues.clear();
    this.#inFlight.clear();
    this.#ready = [];
    this.#readAhead.remove(this.#windowEvents, this.#windowBytes);
    this.#windowEvents = 0;
    this.#windowBytes = 0;
    this.#cursor = BEGINNING;
    if (this.#reading === 'reading') this.#reading = 'stale';
    this.#hasMore = true;
    this.#wasRefused = false;
    this.#backoffUntil = -Infinity;
  }

  /** The broker closed the channel because of the only event in flight: it is quarantined before the drain starts again. */
  quarantineInFlight(reason: UnpublishableReason): void {
    const [spooled] = this.#inFlight.keys();
    if (spooled !== undefined) this.#quarantine(spooled, reason);
  }

  #onSettled(spooled: SpooledEvent<Event>, isConfirmed: boolean): void {
    if (!this.#inFlight.delete(spooled)) return;
    if (isConfirmed) {
      this.#removeFromWindow(spooled);
      this.#ports.erase(spooled);
    } else this.#wasRefused = true;
    if (this.#wasRefused && this.#inFlight.size === 0) {
      this.restart();
      this.#backoffUntil = this.#clock.monotonic() + REFUSAL_BACKOFF_MS;
    }
  }

  #addToWindow(spooled: SpooledEvent<Event>): void {
    this.#cursor = spooled.sequence;
    const { sequence } = spooled;
    if (
      this.#quarantining.has(sequence) ||
      this.#quarantinedDuringRead.has(sequence) ||
      this.#quarantineFailed.has(sequence)
    )
      return;
    this.#windowEvents += 1;
    this.#windowBytes += spooled.bytes;
    this.#readAhead.add(1, spooled.bytes);
    const queue = this.#queues.get(spooled.event.orderKey);
    if (queue !== undefined) {
      queue.push(spooled);
      return;
    }
    this.#queues.set(spooled.event.orderKey, [spooled]);
    this.#ready.push(spooled);
  }

  #quarantine(spooled: SpooledEvent<Event>, reason: UnpublishableReason): void {
    this.#quarantining.add(spooled.sequence);
    this.#ports.quarantine(spooled.event, reason, (isStored) => {
      this.#quarantining.delete(spooled.sequence);
      if (isStored) {
        this.#ports.erase(spooled);
        if (this.#reading !== 'idle') this.#quarantinedDuringRead.add(spooled.sequence);
        return;
      }
      this.#quarantineFailed.add(spooled.sequence);
      this.#quarantineRetryAt = this.#clock.monotonic() + QUARANTINE_RETRY_MS;
    });
  }

  #removeFromWindow(spooled: SpooledEvent<Event>): void {
    this.#windowEvents -= 1;
    this.#windowBytes -= spooled.bytes;
    this.#readAhead.remove(1, spooled.bytes);
    const queue = this.#queues.get(spooled.event.orderKey) ?? [];
    queue.shift();
    const [next] = queue;
    if (next === undefined) this.#queues.delete(spooled.event.orderKey);
    else this.#ready.push(next);
  }
}
