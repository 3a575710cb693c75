import { type Destination } from './destination';
import { Backlog } from './backlog';
import { type Decision, OutcomePolicy } from './outcome-policy';
import { KeyRegistry } from './key-registry';
import { type Deliverable, type KeyQueue, type OrderQueue, type QueuedMessage } from './key-queue';
import { type Outcome } from './outcome';
import { type DispatcherOptions } from './dispatcher-options';
import { Preemption } from './preemption';
import { PausedKeys } from './paused-keys';
import { type DeadLetterCause, type Ports } from './ports';
import { type MessageStatus } from './message-status';
import { FairScheduler } from './fair-scheduler';

/**
 * Decides what to attempt next; carries out nothing itself. Messages of one order key strictly one after another, retries
 * included; order keys concurrently; routing keys fairly in turn.
 */
export class Dispatcher<M extends Deliverable> {
  /** Makes keys that block others yield. */
  readonly preemption: Preemption<M>;
  readonly #options: DispatcherOptions<M>;
  readonly #ports: Ports<M>;
  readonly #scheduler: FairScheduler<M>;
  readonly #keys: KeyRegistry<M>;
  readonly #backlog: Backlog<M>;
  readonly #policy: OutcomePolicy<M>;
  readonly #paused: PausedKeys;

  constructor(options: DispatcherOptions<M>, ports: Ports<M>) {
    this.#options = options;
    this.#ports = ports;
    const { concurrency, clock, destinationOf } = options;
    this.#keys = new KeyRegistry<M>(destinationOf);
    this.#backlog = new Backlog<M>(this.#keys);
    this.#paused = new PausedKeys(clock, (routingKey) => this.#deadLetterExpired(this.#keys.get(routingKey)));
    this.#scheduler = new FairScheduler<M>({ concurrency, clock, start: (queue) => this.#start(queue) });
    this.preemption = new Preemption<M>(this.#keys, this.#scheduler, clock, ports);
    this.#policy = new OutcomePolicy<M>(options, {
      onCircuitOpened: (destination) => destination.startProbing(clock, ({ queue }) => this.#start(queue)),
      onCircuitClosed: (destination) => this.#onCircuitClosed(destination),
      onKeyResponded: (key) => this.#wakeQueues(key),
      onChange: (change) => ports.onChange(change),
    });
  }

  get held(): number {
    return this.#backlog.size;
  }

  get inFlight(): number {
    return this.#scheduler.inFlight;
  }

  get throttledKeys(): number {
    return this.#keys.throttled;
  }

  /** Keys for which nothing is attempted until they are resumed. */
  get pausedKeys(): ReadonlySet<string> {
    return this.#paused.all;
  }

  /** Number of keys with held messages whose own connectivity is broken. */
  get keysWithConnectivityFault(): number {
    return this.#keys.withConnectivityFault;
  }

  get openCircuits(): number {
    return this.#keys.openCircuits;
  }

  /** When the oldest held message was accepted; milliseconds since 1970. */
  get oldestReceivedAt(): number | undefined {
    return this.#backlog.oldestReceivedAt;
  }

  /** Adds a message after all others of its order key. */
  add(message: M): void {
    const { queue } = this.#backlog.add(message, this.#options.clock.monotonic());
    const { key } = queue;
    key.isPaused = this.#paused.has(message.routingKey);
    if (queue.entries.length > 1) return;
    this.#scheduler.makeReady(queue);
    if (key.isPaused) this.#deadLetterExpired(key);
    this.#scheduler.pump();
  }

  has(message: M): boolean {
    return this.#backlog.get(message) !== undefined;
  }

  /** The status of a message; undefined if it is not held. */
  statusOf(message: M): MessageStatus | undefined {
    return this.#backlog.statusOf(message, this.#options.clock);
  }

  /** How often this worker has attempted the message, with the attempt that is requested; 0 if it is not held. */
  attemptsOf(message: M): number {
    return this.#backlog.get(message)?.history.attempts ?? 0;
  }

  /** The requested attempt is sent only now: its duration counts from here. */
  recordAttemptStart(message: M): void {
    const entry = this.#backlog.get(message);
    entry?.history.recordStart(this.#options.clock);
  }

  /** Handles the outcome of an attempt. Of a message that was forgotten meanwhile only a requested wait of its key counts. */
  settle(message: M, outcome: Outcome): void {
    const entry = this.#finishAttempt(message);
    if (entry === undefined) return this.#waitAsRequested(message, outcome);
    entry.history.recordOutcome(outcome);
    const decision = this.#policy.decide(entry, outcome);
    if (decision.kind === 'dead-letter') this.#waitAsRequested(message, outcome);
    this.#act(entry, decision, outcome);
    this.#scheduler.pump();
  }

  /** An attempt was interrupted: it has no outcome, and the message still has to be delivered. */
  retryInterrupted(message: M): void {
    const entry = this.#finishAttempt(message);
    if (entry === undefined) return;
    entry.history.recordInterruption();
    this.#scheduler.makeReady(entry.queue);
    this.#scheduler.pump();
  }

  /** The message is acknowledged: the next of its order key may start. */
  done(message: M): void {
    const entry = this.#backlog.get(message);
    if (entry === undefined) return;
    this.#remove(entry, 'settled');
    if (entry.queue.key.isPaused) this.#deadLetterExpired(entry.queue.key);
    this.#scheduler.pump();
  }

  /** The messages are no longer ours, because their channel was lost or released: drops them. */
  forget(messages: Iterable<M>): void {
    for (const message of messages) {
      const entry = this.#backlog.get(message);
      if (entry === undefined) continue;
      if (entry.queue.entries[0] === entry && entry.queue.state === 'attempting') this.#scheduler.freeSlot(entry.queue);
      this.#remove(entry, 'returned');
    }
    this.#scheduler.pump();
  }

  /** To be called when a lane is taken: other workers may have sent events of its keys, which count for their rates. */
  observeRatesAgain(): void {
    const now = this.#options.clock.monotonic();
    for (const { rateLimit } of this.#keys.all) rateLimit.observeAgain(now);
  }

  /** Whether an attempt for the message is in flight, or its ack or dead letter is being written. */
  isBusy(message: M): boolean {
    return this.#backlog.isBusy(message);
  }

  /** Whether the key's destination is unavailable for all its keys alike: then the key is not what blocks others. */
  isUnreachable(routingKey: string): boolean {
    return this.#keys.get(routingKey)?.destination.isUnreachableForAll(routingKey) ?? false;
  }

  /** After which time a request of the key hangs: longer if its destination is slow for all keys; milliseconds. */
  hangsAfterMs(routingKey: string): number {
    const { hangThreshold, keys } = this.#keys.get(routingKey)?.destination ?? {};
    return hangThreshold?.ms(keys ?? [], this.#options.clock.monotonic()) ?? Infinity;
  }

  /** Whether nothing but other attempts keeps a message of the key from being attempted. */
  waitsForSlot(routingKey: string): boolean {
    const key = this.#keys.get(routingKey);
    return key !== undefined && this.#scheduler.waitsForSlot(key);
  }

  /** Attempts nothing of the key until `resume`; messages that reach the maximum age still become dead letters. */
  pause(routingKey: string, outcome?: Outcome): void {
    if (!this.#paused.add(routingKey)) return;
    const key = this.#keys.get(routingKey);
    if (key !== undefined) key.isPaused = true;
    this.#ports.onChange({ kind: 'key-paused', routingKey, outcome });
  }

  /** The key continues where it stopped. */
  resume(routingKey: string): void {
    if (!this.#paused.delete(routingKey)) return;
    this.#ports.onChange({ kind: 'key-resumed', routingKey });
    const key = this.#keys.get(routingKey);
    if (key === undefined) return;
    key.isPaused = false;
    this.#scheduler.wake(key);
  }

  /** The message whose attempt ended; undefined if it was forgotten meanwhile. */
  #finishAttempt(message: M): QueuedMessage<M> | undefined {
    const entry = this.#backlog.get(message);
    if (entry === undefined || entry.queue.state !== 'attempting') return undefined;
    this.#scheduler.freeSlot(entry.queue);
    return entry;
  }

  /** A throttled key waits for as long as its destination requests, whatever becomes of the message. */
  #waitAsRequested({ routingKey }: M, outcome: Outcome): void {
    const key = this.#keys.get(routingKey);
    if (key === undefined || outcome.kind !== 'throttled' || outcome.retryAfterMs === undefined) return;
    this.#scheduler.delayKey(key, outcome.retryAfterMs, true);
  }

  #act(entry: QueuedMessage<M>, decision: Decision, outcome: Outcome): void {
    const { queue, message } = entry;
    switch (decision.kind) {
      case 'acknowledge':
        queue.state = 'settling';
        return this.#ports.acknowledge(message);
      case 'dead-letter':
        return this.#deadLetter(entry, decision.cause);
      case 'wait':
        queue.state = 'waiting';
        queue.waitsUntil = this.#options.clock.monotonic() + decision.ms;
        queue.stopWaiting = this.#options.clock.after(decision.ms, () => {
          this.#scheduler.makeReady(queue);
          this.#scheduler.pump();
        });
        return;
      case 'key-waits':
        this.#scheduler.makeReady(queue);
        return this.#scheduler.delayKey(queue.key, decision.ms, decision.isRequested);
      case 'pause':
        this.#scheduler.makeReady(queue);
        return this.pause(queue.key.routingKey, outcome);
    }
  }

  #deadLetterExpired(key: KeyQueue<M> | undefined): void {
    for (const queue of [...(key?.queues.values() ?? [])]) {
      const [head] = queue.entries;
      if (head === undefined || queue.isBusy || !this.#policy.isExpired(head)) continue;
      this.#removeFromReady(queue);
      this.#deadLetter(head, { reason: 'expired', ...head.history.lastResponse });
    }
  }

  #start(queue: OrderQueue<M>): void {
    const [entry] = queue.entries;
    this.#removeFromReady(queue);
    if (entry === undefined) return;
    this.#scheduler.occupySlot(queue);
    entry.history.recordAttempt(this.#options.clock);
    this.#ports.attempt(entry.message);
  }

  #deadLetter({ queue, message, history }: QueuedMessage<M>, cause: DeadLetterCause): void {
    queue.state = 'settling';
    this.#ports.deadLetter(message, cause, history);
  }

  #remove(entry: QueuedMessage<M>, outcome: 'settled' | 'returned'): void {
    const { queue } = entry;
    const wasHead = queue.entries[0] === entry;
    this.#backlog.remove(entry, outcome, this.#options.clock.monotonic());
    if (queue.entries.length > 0) return wasHead ? this.#scheduler.makeReady(queue) : undefined;
    this.#removeFromReady(queue);
  }

  #removeFromReady(queue: OrderQueue<M>): void {
    queue.stopWaiting();
    queue.key.ready.delete(queue);
  }

  #onCircuitClosed(destination: Destination<M>): void {
    destination.stopProbing();
    for (const key of destination.keys) {
      // Its attempts hung like those of all other keys: its share need not be reduced for that.
      if (!key.failsIndependently) key.interruptedAt = Number.NEGATIVE_INFINITY;
      this.#wakeQueues(key);
    }
  }

  /**
   * Ends the backoff of waiting queues, because they waited for the destination. For a probing key, one queue is
   * enough.
   */
  #wakeQueues(key: KeyQueue<M>): void {
    for (const queue of key.queues.values()) {
      if (queue.state !== 'waiting') continue;
      this.#scheduler.makeReady(queue);
      if (key.isProbing) return;
    }
  }
}
