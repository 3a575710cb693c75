/** What the order of events is told by: events with one order key go one after another. */
export interface Keyed {
  readonly orderKey: string;
}

/** An event as it stands in the spool. */
export interface Spooled<Event> {
  readonly sequence: number;
  /** What it takes up. */
  readonly bytes: number;
  readonly event: Event;
}

export interface DrainPorts<Event> {
  /** Sends an event again; false where there is no way. */
  send(spooled: Spooled<Event>): boolean;
  erase(spooled: Spooled<Event>): void;
  /** Reads the next entries behind a sequence: they are given to `take`. */
  read(after: number): void;
}

export const WINDOW_EVENTS = 4_000;
export const WINDOW_BYTES = 8 * 1024 * 1024;
const IN_FLIGHT = 1_000;
/** How long it rests after the broker refused an event; milliseconds. */
const REST_MS = 250;
const BEGINNING = 0;

/**
 * Takes the spool's events to the broker: a window of the oldest is held in memory, events of different order keys go out
 * together, and of one order key at most one is unconfirmed. After a refusal all begins with the oldest again. Pure.
 */
export class Drain<Event extends Keyed> {
  readonly #ports: DrainPorts<Event>;
  /** By order key, oldest first; the first of each is ready or in flight. */
  readonly #lanes = new Map<string, Spooled<Event>[]>();
  readonly #inFlight = new Map<number, { readonly spooled: Spooled<Event>; sentAt: number }>();
  #ready: Spooled<Event>[] = [];
  #windowEvents = 0;
  #windowBytes = 0;
  #cursor = BEGINNING;
  #reading: 'no' | 'yes' | 'in vain' = 'no';
  #hasMore = true;
  #refused = false;
  #restsUntil = 0;

  constructor(ports: DrainPorts<Event>) {
    this.#ports = ports;
  }

  /** Sent, and not settled. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** When the oldest of what is in flight was sent. */
  get oldestSentAt(): number | undefined {
    return this.#inFlight.values().next().value?.sentAt;
  }

  /** Sends what may go, and reads on where there is room. */
  pump(now: number): void {
    if (this.#refused || now < this.#restsUntil) return;
    while (this.#inFlight.size < IN_FLIGHT) {
      const spooled = this.#ready[0];
      if (spooled === undefined || !this.#ports.send(spooled)) break;
      this.#ready.shift();
      this.#inFlight.set(spooled.sequence, { spooled, sentAt: now });
    }
    if (this.#reading !== 'no' || !this.#hasMore) return;
    if (this.#windowEvents >= WINDOW_EVENTS / 2 || this.#windowBytes >= WINDOW_BYTES / 2) return;
    this.#reading = 'yes';
    this.#hasMore = false;
    this.#ports.read(this.#cursor);
  }

  /** Something was put behind what is in the spool. */
  grown(): void {
    this.#hasMore = true;
  }

  /** What was read: the next entries, oldest first; none means that the end is reached. */
  take(entries: readonly Spooled<Event>[]): void {
    const isWanted = this.#reading === 'yes';
    this.#reading = 'no';
    if (!isWanted) return;
    for (const spooled of entries) this.#admit(spooled);
    if (entries.length > 0) this.#hasMore = true;
  }

  /** Where nothing is left of what was read: something may stand before it, as what was written when the disk failed. */
  lookAgain(): void {
    if (this.#windowEvents > 0 || this.#reading !== 'no') return;
    this.#cursor = BEGINNING;
    this.#hasMore = true;
  }

  settled(sequence: number, isConfirmed: boolean, now: number): void {
    const sent = this.#inFlight.get(sequence);
    if (sent === undefined) return;
    this.#inFlight.delete(sequence);
    if (isConfirmed) this.#done(sent.spooled);
    else this.#refused = true;
    if (this.#refused && this.#inFlight.size === 0) {
      this.restart();
      this.#restsUntil = now + REST_MS;
    }
  }

  /** What is in flight counts as sent now: the time in which the broker was blocked does not count. */
  refresh(now: number): void {
    for (const sent of this.#inFlight.values()) sent.sentAt = now;
  }

  /** Forgets what was sent and read: begins with the oldest again. */
  restart(): void {
    this.#lanes.clear();
    this.#inFlight.clear();
    this.#ready = [];
    this.#windowEvents = 0;
    this.#windowBytes = 0;
    this.#cursor = BEGINNING;
    if (this.#reading === 'yes') this.#reading = 'in vain';
    this.#hasMore = true;
    this.#refused = false;
    this.#restsUntil = 0;
  }

  #admit(spooled: Spooled<Event>): void {
    this.#cursor = spooled.sequence;
    this.#windowEvents += 1;
    this.#windowBytes += spooled.bytes;
    const lane = this.#lanes.get(spooled.event.orderKey);
    if (lane !== undefined) {
      lane.push(spooled);
      return;
    }
    this.#lanes.set(spooled.event.orderKey, [spooled]);
    this.#ready.push(spooled);
  }

  #done(spooled: Spooled<Event>): void {
    this.#windowEvents -= 1;
    this.#windowBytes -= spooled.bytes;
    const lane = this.#lanes.get(spooled.event.orderKey) ?? [];
    lane.shift();
    const [next] = lane;
    if (next === undefined) this.#lanes.delete(spooled.event.orderKey);
    else this.#ready.push(next);
    this.#ports.erase(spooled);
  }
}
