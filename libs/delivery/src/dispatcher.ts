import { backoffMs } from './backoff';
import { type Destination } from './destination';
import { KeyTable } from './key-table';
import { Entry, type Held, type History, type KeyLine, OrderLine } from './lines';
import { type Outcome } from './outcome';
import { type DispatcherOptions } from './dispatcher-options';
import { type Burial, type Ports } from './ports';
import { TrialMemory } from './trial-memory';
import { Turn } from './turn';

type Failed = Extract<Outcome, { readonly kind: 'failed' }>;

const THROTTLE_BACKOFF = { baseMs: 2_000, capMs: 30_000 };
/** A key that was not throttled for so long is no longer called throttled. */
const RECOVERED_AFTER_MS = 5 * 60_000;

/**
 * Decides what is attempted next, and never does anything itself. One order key strictly one message after another, retries
 * included; order keys concurrently; routing keys fairly in turn. Holds no more than it is given.
 */
export class Dispatcher<M extends Held> {
  readonly #options: DispatcherOptions<M>;
  readonly #ports: Ports<M>;
  readonly #turn: Turn<M>;
  readonly #entries = new Map<M, Entry<M>>();
  readonly #keys: KeyTable<M>;
  readonly #trials = new TrialMemory();

  constructor(options: DispatcherOptions<M>, ports: Ports<M>) {
    this.#options = options;
    this.#ports = ports;
    const { concurrency, clock, destinationOf } = options;
    this.#keys = new KeyTable<M>(destinationOf);
    this.#turn = new Turn<M>({ concurrency, clock, start: (line) => this.#start(line) });
  }

  get held(): number {
    return this.#entries.size;
  }

  get inFlight(): number {
    return this.#turn.inFlight;
  }

  get throttledKeys(): number {
    return this.#keys.throttled;
  }

  get openCircuits(): number {
    return this.#keys.away;
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
    const key = this.#keys.of(message, this.#options.clock.now());
    const known = key.lines.get(message.orderKey);
    const line = known ?? new OrderLine(message.orderKey, key);
    const entry = new Entry(message, line, this.#trials.of(message.id));
    line.entries.push(entry);
    this.#entries.set(message, entry);
    if (known !== undefined) return;
    key.lines.set(message.orderKey, line);
    this.#turn.makeReady(line);
    this.#turn.pump();
  }

  has(message: M): boolean {
    return this.#entries.has(message);
  }

  /** What an attempt came to. A message that was forgotten meanwhile is ignored. */
  settle(message: M, outcome: Outcome): void {
    const entry = this.#entries.get(message);
    if (entry === undefined || entry.line.state !== 'attempting') return;
    this.#turn.ended(entry.line);
    this.#judge(entry, outcome);
    this.#turn.pump();
  }

  /** The message has left for good: the next of its order key may start. */
  done(message: M): void {
    const entry = this.#entries.get(message);
    if (entry === undefined) return;
    this.#trials.forget(message.id);
    this.#remove(entry);
    this.#turn.pump();
  }

  /** The messages are no longer ours (their channel is lost or given back): as if they had never come. */
  forget(messages: Iterable<M>): void {
    for (const message of messages) {
      const entry = this.#entries.get(message);
      if (entry === undefined) continue;
      if (entry.line.entries[0] === entry && entry.line.state === 'attempting') this.#turn.ended(entry.line);
      this.#trials.remember(message.id, entry.trials);
      this.#remove(entry);
    }
    this.#turn.pump();
  }

  /** Whether an attempt for the message is on its way, or its end is being written. */
  isBusy(message: M): boolean {
    const line = this.#entries.get(message)?.line;
    return line?.entries[0]?.message === message && isBusy(line);
  }

  /** Whether an attempt for the routing key is on its way, or the end of one is being written. */
  isKeyBusy(routingKey: string): boolean {
    return [...(this.#keys.get(routingKey)?.lines.values() ?? [])].some(isBusy);
  }

  isHeldUp(routingKey: string): boolean {
    return this.#keys.isHeldUp(routingKey, this.#options.clock.now());
  }

  /** Starts nothing of the key until `release`: it is about to be moved. */
  hold(routingKey: string): void {
    const key = this.#keys.get(routingKey);
    if (key !== undefined) key.onHold = true;
  }

  release(routingKey: string): void {
    const key = this.#keys.get(routingKey);
    if (key === undefined) return;
    key.onHold = false;
    this.#turn.wake(key);
  }

  #judge(entry: Entry<M>, outcome: Outcome): void {
    const { line, message } = entry;
    const { key } = line;
    const now = this.#options.clock.now();
    switch (outcome.kind) {
      case 'delivered':
        this.#answered(key, true, now);
        key.pace.took(now);
        this.#recovered(key, now);
        line.state = 'leaving';
        return this.#ports.acknowledge(message);
      case 'rejected':
        this.#answered(key, true, now);
        return this.#bury(entry, { reason: 'rejected', status: outcome.status, answer: outcome.answer });
      case 'throttled':
        this.#answered(key, false, now);
        key.pace.throttled(now);
        if (key.throttledAt === undefined) this.#ports.changed({ kind: 'key-throttled', routingKey: key.routingKey });
        key.throttledAt = now;
        if (this.#isExpired(entry, now))
          return this.#bury(entry, { reason: 'expired', status: outcome.status, answer: '' });
        return this.#makeKeyWait(line, outcome.retryAfterMs);
      case 'failed':
        return this.#failed(entry, outcome, now);
    }
  }

  #failed(entry: Entry<M>, outcome: Failed, now: number): void {
    const { line, trials } = entry;
    const { destination } = line.key;
    const burial = this.#burialOfFailure(entry, outcome, now);
    if (outcome.scope === 'destination' && destination.circuit.failed()) this.#opened(destination, outcome);
    if (burial !== undefined) return this.#bury(entry, burial);
    if (outcome.scope === 'key') return this.#makeKeyWait(line, outcome.retryAfterMs);
    const wait = Math.max(backoffMs(trials.attempts, this.#options.random()), outcome.retryAfterMs ?? 0);
    line.state = 'waiting';
    line.stopWaiting = this.#options.clock.after(wait, () => {
      this.#turn.makeReady(line);
      this.#turn.pump();
    });
  }

  #burialOfFailure({ message, line, trials }: Entry<M>, outcome: Failed, now: number): Burial | undefined {
    const end = { status: outcome.status, answer: outcome.detail };
    if (now - message.receivedAt > this.#options.maximumAgeMs) return { reason: 'expired', ...end };
    if (outcome.reason !== 'server-error') return undefined;
    trials.poisonedSince ??= now;
    const { circuit } = line.key.destination;
    const othersPass = !circuit.open && circuit.lastSuccessAt > trials.poisonedSince;
    return othersPass && now - trials.poisonedSince >= this.#options.poisonAfterMs
      ? { reason: 'poison', ...end }
      : undefined;
  }

  #isExpired({ message }: Entry<M>, now: number): boolean {
    return now - message.receivedAt > this.#options.maximumAgeMs;
  }

  #start(line: OrderLine<M>): void {
    const [entry] = line.entries;
    line.key.ready.delete(line);
    line.stopWaiting();
    if (entry === undefined) return;
    const now = this.#options.clock.now();
    if (this.#isExpired(entry, now)) return this.#bury(entry, { reason: 'expired', status: undefined, answer: '' });
    this.#turn.began(line);
    entry.trials.attempts += 1;
    entry.trials.firstAttemptAt ??= now;
    entry.trials.lastAttemptAt = now;
    this.#ports.attempt(entry.message);
  }

  #bury({ line, message, trials }: Entry<M>, burial: Burial): void {
    line.state = 'leaving';
    const { attempts, firstAttemptAt, lastAttemptAt } = trials;
    const history: History = { attempts, firstAttemptAt, lastAttemptAt };
    this.#ports.bury(message, burial, history);
  }

  #remove(entry: Entry<M>): void {
    const { line } = entry;
    const { key } = line;
    this.#entries.delete(entry.message);
    const wasHead = line.entries[0] === entry;
    line.entries.splice(line.entries.indexOf(entry), 1);
    if (line.entries.length > 0) {
      if (wasHead) this.#turn.makeReady(line);
      return;
    }
    line.stopWaiting();
    key.lines.delete(line.orderKey);
    key.ready.delete(line);
    if (key.lines.size === 0) key.idleSince = this.#options.clock.now();
  }

  /** The whole key waits: as long as it was told, or longer with every setback. */
  #makeKeyWait(line: OrderLine<M>, retryAfterMs: number | undefined): void {
    const { key } = line;
    this.#turn.makeReady(line);
    if (key.stopWaiting !== undefined) return;
    key.setbacks += 1;
    const jittered = backoffMs(key.setbacks, this.#options.random(), THROTTLE_BACKOFF);
    this.#turn.makeKeyWait(key, retryAfterMs ?? THROTTLE_BACKOFF.baseMs / 2 + jittered);
  }

  #recovered(key: KeyLine<M>, now: number): void {
    key.setbacks = 0;
    if (key.throttledAt === undefined || now - key.throttledAt < RECOVERED_AFTER_MS) return;
    key.throttledAt = undefined;
    this.#ports.changed({ kind: 'key-recovered', routingKey: key.routingKey });
  }

  #answered({ destination }: KeyLine<M>, took: boolean, now: number): void {
    if (!destination.circuit.answered(took, now)) return;
    destination.stopProbing();
    this.#ports.changed({ kind: 'circuit-closed', destination: destination.name });
    // What waited for its backoff waited for the destination: it need not wait longer.
    for (const key of destination.keys) {
      for (const line of key.lines.values()) if (line.state === 'waiting') this.#turn.makeReady(line);
    }
  }

  #opened(destination: Destination<M>, outcome: Outcome): void {
    this.#ports.changed({ kind: 'circuit-opened', destination: destination.name, outcome });
    destination.startProbing(this.#options.clock, (entry) => this.#start(entry.line));
  }
}

function isBusy<M extends Held>({ state }: OrderLine<M>): boolean {
  return state === 'attempting' || state === 'leaving';
}
