import { backoffMs } from './backoff';
import { type Clock } from './clock';
import { Destination } from './destination';
import { Entry, type Held, type History, KeyLine, OrderLine } from './lines';
import { type Outcome } from './outcome';

/** Why a message is set aside for good: it becomes a dead letter with this reason. */
export type Burial =
  | { readonly reason: 'rejected'; readonly status: number; readonly answer: string }
  | { readonly reason: 'expired'; readonly status: number | undefined; readonly answer: string }
  | { readonly reason: 'poison'; readonly status: number | undefined; readonly answer: string };

/** A change worth a line in the log. */
export type Change =
  | { readonly kind: 'circuit-opened'; readonly destination: string; readonly outcome: Outcome }
  | { readonly kind: 'circuit-closed'; readonly destination: string }
  | { readonly kind: 'key-throttled'; readonly routingKey: string }
  | { readonly kind: 'key-recovered'; readonly routingKey: string };

/** What the dispatcher asks of the world. For each message: attempts, then one acknowledge or bury, answered by `done`. */
export interface Ports<M> {
  /** Post it once, then call `settle`. */
  attempt(message: M): void;
  /** The destination took it: let the broker forget it, then call `done`. */
  acknowledge(message: M): void;
  /** Nothing will deliver it: write its dead letter, then call `done`. */
  bury(message: M, burial: Burial, history: History): void;
  changed(change: Change): void;
}

export interface DispatcherOptions<M> {
  /** Attempts at one time, over all keys. */
  readonly concurrency: number;
  /** Age beyond which a message is buried; milliseconds. */
  readonly maximumAgeMs: number;
  /** How long one message may fail with the server's own errors while others are taken; milliseconds. */
  readonly poisonAfterMs: number;
  /** Which messages share a circuit: what stands behind them fails together. */
  readonly destinationOf: (message: M) => string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
}

const THROTTLE_BACKOFF = { baseMs: 2_000, capMs: 60_000 };
/** A key may start while it has fewer in flight than this many times the free slots: some are always left for others. */
const GREED = 16;

/**
 * Decides what is attempted next, and never does anything itself. One order key strictly one message after another, retries
 * included; order keys concurrently; routing keys fairly in turn. Holds no more than it is given.
 */
export class Dispatcher<M extends Held> {
  readonly #options: DispatcherOptions<M>;
  readonly #ports: Ports<M>;
  readonly #slots: number;
  readonly #entries = new Map<M, Entry<M>>();
  readonly #keys = new Map<string, KeyLine<M>>();
  /** Keys with something ready, in turn. */
  readonly #readyKeys = new Set<KeyLine<M>>();
  readonly #destinations = new Map<string, Destination<M>>();
  #inFlight = 0;
  #paused = false;

  constructor(options: DispatcherOptions<M>, ports: Ports<M>) {
    this.#options = options;
    this.#ports = ports;
    // A lone key reaches the whole concurrency; the slots beyond it are what is left for a newcomer.
    this.#slots = options.concurrency + Math.ceil(options.concurrency / GREED);
  }

  get held(): number {
    return this.#entries.size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Routing keys that wait because the destination throttles them. */
  get throttledKeys(): number {
    let count = 0;
    for (const key of this.#keys.values()) if (key.stopWaiting !== undefined) count += 1;
    return count;
  }

  /** Destinations whose circuit is open. */
  get openCircuits(): number {
    let count = 0;
    for (const { circuit } of this.#destinations.values()) if (circuit.open) count += 1;
    return count;
  }

  /** Receipt of the oldest message held; milliseconds since 1970. */
  get oldestReceivedAt(): number | undefined {
    let oldest: number | undefined;
    for (const { receivedAt } of this.#entries.keys())
      if (oldest === undefined || receivedAt < oldest) oldest = receivedAt;
    return oldest;
  }

  /** Takes a message into its line, behind all of its order key. */
  add(message: M): void {
    const key = this.#keyOf(message);
    const known = key.lines.get(message.orderKey);
    const line = known ?? new OrderLine(message.orderKey, key);
    const entry = new Entry(message, line);
    line.entries.push(entry);
    this.#entries.set(message, entry);
    if (known !== undefined) return;
    key.lines.set(message.orderKey, line);
    this.#makeReady(line);
    this.#pump();
  }

  /** What an attempt came to. A message that was forgotten meanwhile is ignored. */
  settle(message: M, outcome: Outcome): void {
    const entry = this.#entries.get(message);
    if (entry === undefined || entry.line.state !== 'attempting') return;
    this.#endAttempt(entry);
    this.#judge(entry, outcome);
    this.#pump();
  }

  /** The message has left for good: the next of its order key may start. */
  done(message: M): void {
    const entry = this.#entries.get(message);
    if (entry === undefined) return;
    this.#remove(entry);
    this.#pump();
  }

  /** The messages are no longer ours (their channel is lost or given back): as if they had never come. */
  forget(messages: Iterable<M>): void {
    for (const message of messages) {
      const entry = this.#entries.get(message);
      if (entry === undefined) continue;
      if (entry.line.entries[0] === entry && entry.line.state === 'attempting') this.#endAttempt(entry);
      this.#remove(entry);
    }
    this.#pump();
  }

  /** Whether an attempt for the message is on its way, or its end is being written. */
  isBusy(message: M): boolean {
    const line = this.#entries.get(message)?.line;
    return line?.entries[0]?.message === message && (line.state === 'attempting' || line.state === 'leaving');
  }

  /** Starts nothing until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#pump();
  }

  #judge(entry: Entry<M>, outcome: Outcome): void {
    const { line, message } = entry;
    const { key } = line;
    const now = this.#options.clock.now();
    switch (outcome.kind) {
      case 'delivered':
        this.#answered(key, true, now);
        this.#recovered(key);
        this.#leave(line, () => this.#ports.acknowledge(message));
        return;
      case 'rejected':
        this.#answered(key, true, now);
        this.#bury(entry, { reason: 'rejected', status: outcome.status, answer: outcome.answer });
        return;
      case 'throttled':
        this.#answered(key, false, now);
        if (this.#expired(entry, now))
          return this.#bury(entry, { reason: 'expired', status: outcome.status, answer: '' });
        this.#makeReady(line);
        this.#makeKeyWait(key, outcome.retryAfterMs);
        return;
      case 'failed': {
        const burial = this.#burialOfFailure(entry, outcome, now);
        if (outcome.scope === 'destination' && key.destination.circuit.failed()) this.#opened(key.destination, outcome);
        if (burial !== undefined) return this.#bury(entry, burial);
        if (outcome.scope === 'key') {
          this.#makeReady(line);
          this.#makeKeyWait(key, outcome.retryAfterMs);
        } else {
          const wait = backoffMs(entry.attempts, this.#options.random());
          this.#makeWait(line, Math.max(wait, outcome.retryAfterMs ?? 0));
        }
      }
    }
  }

  #burialOfFailure(entry: Entry<M>, outcome: Extract<Outcome, { kind: 'failed' }>, now: number): Burial | undefined {
    const end = { status: outcome.status, answer: outcome.detail };
    if (this.#expired(entry, now)) return { reason: 'expired', ...end };
    if (outcome.reason !== 'server-error') return undefined;
    entry.poisonedSince ??= now;
    const { circuit } = entry.line.key.destination;
    const othersPass = !circuit.open && circuit.lastSuccessAt > entry.poisonedSince;
    return othersPass && now - entry.poisonedSince >= this.#options.poisonAfterMs
      ? { reason: 'poison', ...end }
      : undefined;
  }

  #expired({ message }: Entry<M>, now: number): boolean {
    return now - message.receivedAt > this.#options.maximumAgeMs;
  }

  /** Starts as many attempts as there are slots, one routing key after the other. */
  #pump(): void {
    if (this.#paused) return;
    for (const key of this.#readyKeys) {
      if (this.#inFlight >= this.#slots) return;
      const [line] = key.ready;
      if (line === undefined || key.stopWaiting !== undefined) {
        this.#readyKeys.delete(key);
        continue;
      }
      if (key.destination.circuit.open || key.inFlight >= this.#shareOf(this.#slots - this.#inFlight)) continue;
      // To the end of the turn, which the loop reaches again while there is something to start.
      this.#readyKeys.delete(key);
      this.#readyKeys.add(key);
      this.#start(line);
    }
  }

  /** How many attempts one key may have on the wire while so many slots are free. */
  #shareOf(freeSlots: number): number {
    return Math.min(this.#options.concurrency, GREED * freeSlots);
  }

  #start(line: OrderLine<M>): void {
    const { key } = line;
    const [entry] = line.entries;
    key.ready.delete(line);
    line.stopWaiting();
    if (entry === undefined) return;
    const now = this.#options.clock.now();
    if (this.#expired(entry, now)) return this.#bury(entry, { reason: 'expired', status: undefined, answer: '' });
    line.state = 'attempting';
    entry.attempts += 1;
    entry.firstAttemptAt ??= now;
    entry.lastAttemptAt = now;
    key.inFlight += 1;
    this.#inFlight += 1;
    this.#ports.attempt(entry.message);
  }

  #endAttempt({ line }: Entry<M>): void {
    line.key.inFlight -= 1;
    this.#inFlight -= 1;
  }

  #bury(entry: Entry<M>, burial: Burial): void {
    const { attempts, firstAttemptAt, lastAttemptAt } = entry;
    this.#leave(entry.line, () => this.#ports.bury(entry.message, burial, { attempts, firstAttemptAt, lastAttemptAt }));
  }

  #leave(line: OrderLine<M>, write: () => void): void {
    line.state = 'leaving';
    write();
  }

  #remove(entry: Entry<M>): void {
    const { line } = entry;
    const { key } = line;
    this.#entries.delete(entry.message);
    const wasHead = line.entries[0] === entry;
    line.entries.splice(line.entries.indexOf(entry), 1);
    if (line.entries.length === 0) {
      line.stopWaiting();
      key.lines.delete(line.orderKey);
      key.ready.delete(line);
      if (key.lines.size === 0) this.#dropKey(key);
    } else if (wasHead) this.#makeReady(line);
  }

  /** A key that still waits keeps its memory until the wait is over. */
  #dropKey(key: KeyLine<M>): void {
    this.#readyKeys.delete(key);
    if (key.stopWaiting !== undefined) return;
    this.#keys.delete(key.routingKey);
    key.destination.keys.delete(key);
  }

  #makeReady(line: OrderLine<M>): void {
    line.stopWaiting();
    line.state = 'ready';
    line.key.ready.add(line);
    this.#readyKeys.add(line.key);
  }

  #makeWait(line: OrderLine<M>, ms: number): void {
    line.state = 'waiting';
    line.stopWaiting = this.#options.clock.after(ms, () => {
      this.#makeReady(line);
      this.#pump();
    });
  }

  #makeKeyWait(key: KeyLine<M>, retryAfterMs: number | undefined): void {
    if (key.stopWaiting !== undefined) return;
    key.setbacks += 1;
    if (key.setbacks === 1) this.#ports.changed({ kind: 'key-throttled', routingKey: key.routingKey });
    const wait =
      retryAfterMs ?? THROTTLE_BACKOFF.baseMs / 2 + backoffMs(key.setbacks, this.#options.random(), THROTTLE_BACKOFF);
    key.stopWaiting = this.#options.clock.after(wait, () => {
      key.stopWaiting = undefined;
      if (key.lines.size === 0) this.#dropKey(key);
      else this.#readyKeys.add(key);
      this.#pump();
    });
  }

  #recovered(key: KeyLine<M>): void {
    if (key.setbacks === 0) return;
    key.setbacks = 0;
    this.#ports.changed({ kind: 'key-recovered', routingKey: key.routingKey });
  }

  #answered({ destination }: KeyLine<M>, took: boolean, now: number): void {
    if (!destination.circuit.answered(took, now)) return;
    destination.stopProbing();
    this.#ports.changed({ kind: 'circuit-closed', destination: destination.name });
    // What waited for its backoff waited for the destination: it need not wait longer.
    for (const key of destination.keys) {
      for (const line of key.lines.values()) if (line.state === 'waiting') this.#makeReady(line);
    }
  }

  #opened(destination: Destination<M>, outcome: Outcome): void {
    this.#ports.changed({ kind: 'circuit-opened', destination: destination.name, outcome });
    destination.startProbing(this.#options.clock, (entry) => {
      if (!this.#paused) this.#start(entry.line);
    });
  }

  #keyOf(message: M): KeyLine<M> {
    const known = this.#keys.get(message.routingKey);
    if (known !== undefined) return known;
    const name = this.#options.destinationOf(message);
    const destination = this.#destinations.get(name) ?? new Destination<M>(name);
    this.#destinations.set(name, destination);
    const key = new KeyLine<M>(message.routingKey, destination);
    this.#keys.set(message.routingKey, key);
    destination.keys.add(key);
    return key;
  }
}
