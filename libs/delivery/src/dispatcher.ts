import { type Destination } from './destination';
import { HeldMessages } from './backlog';
import { Judge, type Verdict } from './outcome-policy';
import { KeyTable } from './key-registry';
import { type Entry, type Held, type KeyLine, type OrderLine } from './key-queue';
import { type Outcome } from './outcome';
import { type DispatcherOptions } from './dispatcher-options';
import { MakingWay } from './preemption';
import { PausedKeys } from './paused-keys';
import { type Burial, type Ports } from './ports';
import { type Standing } from './message-status';
import { Turn } from './fair-scheduler';

/**
 * Decides what is attempted next, and never does anything itself. One order key strictly one message after another, retries
 * included; order keys concurrently; routing keys fairly in turn. Holds no more than it is given.
 */
export class Dispatcher<M extends Held> {
  /** Has keys that hold up others make way. */
  readonly makingWay: MakingWay<M>;
  readonly #options: DispatcherOptions<M>;
  readonly #ports: Ports<M>;
  readonly #turn: Turn<M>;
  readonly #keys: KeyTable<M>;
  readonly #held: HeldMessages<M>;
  readonly #judge: Judge<M>;
  readonly #paused: PausedKeys;

  constructor(options: DispatcherOptions<M>, ports: Ports<M>) {
    this.#options = options;
    this.#ports = ports;
    const { concurrency, clock, destinationOf } = options;
    this.#keys = new KeyTable<M>(destinationOf);
    this.#held = new HeldMessages<M>(this.#keys);
    this.#paused = new PausedKeys(clock, (routingKey) => this.#buryExpired(this.#keys.get(routingKey)));
    this.#turn = new Turn<M>({ concurrency, clock, start: (line) => this.#start(line) });
    this.makingWay = new MakingWay<M>(this.#keys, this.#turn, clock, ports);
    this.#judge = new Judge<M>(options, {
      opened: (destination) => destination.startProbing(clock, ({ line }) => this.#start(line)),
      closed: (destination) => this.#closed(destination),
      passed: (key) => this.#wakeLines(key),
      changed: (change) => ports.changed(change),
    });
  }

  get held(): number {
    return this.#held.size;
  }

  get inFlight(): number {
    return this.#turn.inFlight;
  }

  get throttledKeys(): number {
    return this.#keys.throttled;
  }

  /** Keys of which nothing starts until they are resumed. */
  get pausedKeys(): ReadonlySet<string> {
    return this.#paused.all;
  }

  /** Keys, of which something is held, whose own way is broken. */
  get keysWithBrokenWay(): number {
    return this.#keys.broken;
  }

  get openCircuits(): number {
    return this.#keys.away;
  }

  /** Receipt of the oldest message held; milliseconds since 1970. */
  get oldestReceivedAt(): number | undefined {
    return this.#held.oldestReceivedAt;
  }

  /** Takes a message into its line, behind all of its order key. */
  add(message: M): void {
    const { line } = this.#held.enter(message, this.#options.clock.monotonic());
    const { key } = line;
    key.paused = this.#paused.has(message.routingKey);
    if (line.entries.length > 1) return;
    this.#turn.makeReady(line);
    if (key.paused) this.#buryExpired(key);
    this.#turn.pump();
  }

  has(message: M): boolean {
    return this.#held.get(message) !== undefined;
  }

  /** Where a message stands; undefined: it is not held. */
  tell(message: M): Standing | undefined {
    return this.#held.tell(message, this.#options.clock);
  }

  /** The attempt that was asked for goes on the wire only now: it has taken no time yet. */
  begins(message: M): void {
    const entry = this.#held.get(message);
    entry?.trials.goesOnTheWire(this.#options.clock);
  }

  /** What an attempt came to. A message that was forgotten meanwhile is ignored. */
  settle(message: M, outcome: Outcome): void {
    const entry = this.#attempted(message);
    if (entry === undefined) return;
    entry.trials.ended(outcome);
    this.#act(entry, this.#judge.judge(entry, outcome), outcome);
    this.#turn.pump();
  }

  /** An attempt was taken off the wire: it says nothing, and the message is still to be delivered. */
  interrupted(message: M): void {
    const entry = this.#attempted(message);
    if (entry === undefined) return;
    entry.trials.interrupted();
    this.#turn.makeReady(entry.line);
    this.#turn.pump();
  }

  /** The message has left for good: the next of its order key may start. */
  done(message: M): void {
    const entry = this.#held.get(message);
    if (entry === undefined) return;
    this.#remove(entry, 'be gone');
    if (entry.line.key.paused) this.#buryExpired(entry.line.key);
    this.#turn.pump();
  }

  /** The messages are no longer ours (their channel is lost or given back): as if they had never come. */
  forget(messages: Iterable<M>): void {
    for (const message of messages) {
      const entry = this.#held.get(message);
      if (entry === undefined) continue;
      if (entry.line.entries[0] === entry && entry.line.state === 'attempting') this.#turn.ended(entry.line);
      this.#remove(entry, 'come again');
    }
    this.#turn.pump();
  }

  /** Whether an attempt for the message is on its way, or its end is being written. */
  isBusy(message: M): boolean {
    return this.#held.isBusy(message);
  }

  /** Starts nothing of the key, whatever comes of it, until `resume`; what grows too old is buried all the same. */
  pause(routingKey: string, outcome?: Outcome): void {
    if (!this.#paused.add(routingKey)) return;
    const key = this.#keys.get(routingKey);
    if (key !== undefined) key.paused = true;
    this.#ports.changed({ kind: 'key-paused', routingKey, outcome });
  }

  /** The key goes on where it stopped. */
  resume(routingKey: string): void {
    if (!this.#paused.delete(routingKey)) return;
    this.#ports.changed({ kind: 'key-resumed', routingKey });
    const key = this.#keys.get(routingKey);
    if (key === undefined) return;
    key.paused = false;
    this.#turn.wake(key);
  }

  /** The message whose attempt is over; undefined where it was forgotten meanwhile. */
  #attempted(message: M): Entry<M> | undefined {
    const entry = this.#held.get(message);
    if (entry === undefined || entry.line.state !== 'attempting') return undefined;
    this.#turn.ended(entry.line);
    return entry;
  }

  #act(entry: Entry<M>, verdict: Verdict, outcome: Outcome): void {
    const { line, message } = entry;
    switch (verdict.kind) {
      case 'acknowledge':
        line.state = 'leaving';
        return this.#ports.acknowledge(message);
      case 'bury':
        return this.#bury(entry, verdict.burial);
      case 'wait':
        line.state = 'waiting';
        line.waitsUntil = this.#options.clock.monotonic() + verdict.ms;
        line.stopWaiting = this.#options.clock.after(verdict.ms, () => {
          this.#turn.makeReady(line);
          this.#turn.pump();
        });
        return;
      case 'key-waits':
        this.#turn.makeReady(line);
        return this.#turn.makeKeyWait(line.key, verdict.ms);
      case 'pause':
        this.#turn.makeReady(line);
        return this.pause(line.key.routingKey, outcome);
    }
  }

  #buryExpired(key: KeyLine<M> | undefined): void {
    for (const line of [...(key?.lines.values() ?? [])]) {
      const [head] = line.entries;
      if (head === undefined || line.isBusy || !this.#judge.isExpired(head)) continue;
      this.#leaveReady(line);
      this.#bury(head, { reason: 'expired', ...head.trials.lastAnswer });
    }
  }

  #start(line: OrderLine<M>): void {
    const [entry] = line.entries;
    this.#leaveReady(line);
    if (entry === undefined) return;
    this.#turn.began(line);
    entry.trials.began(this.#options.clock);
    this.#ports.attempt(entry.message);
  }

  #bury({ line, message, trials }: Entry<M>, burial: Burial): void {
    line.state = 'leaving';
    this.#ports.bury(message, burial, trials);
  }

  #remove(entry: Entry<M>, may: 'be gone' | 'come again'): void {
    const { line } = entry;
    const wasHead = line.entries[0] === entry;
    this.#held.leave(entry, may, this.#options.clock.monotonic());
    if (line.entries.length > 0) return wasHead ? this.#turn.makeReady(line) : undefined;
    this.#leaveReady(line);
  }

  #leaveReady(line: OrderLine<M>): void {
    line.stopWaiting();
    line.key.ready.delete(line);
  }

  #closed(destination: Destination<M>): void {
    destination.stopProbing();
    for (const key of destination.keys) {
      // What hung of it hung with all others: it need not be modest for that.
      if (!key.failsAlone) key.interruptedAt = Number.NEGATIVE_INFINITY;
      this.#wakeLines(key);
    }
  }

  /** What waited for its backoff waited for the destination: it need not wait longer. Of a key on trial, one line tells. */
  #wakeLines(key: KeyLine<M>): void {
    for (const line of key.lines.values()) {
      if (line.state !== 'waiting') continue;
      this.#turn.makeReady(line);
      if (key.isOnTrial) return;
    }
  }
}
