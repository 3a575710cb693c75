import { type Clock } from '@pdaltagent/clock';
import { type KeyRegistry } from './key-registry';
import { type Deliverable, type KeyQueue, type QueuedMessage } from './key-queue';
import { INTERRUPT_EVERY_MS } from './hang-threshold';
import { type Ports } from './ports';
import { type FairScheduler } from './fair-scheduler';

/**
 * One key after the other: if the whole destination has become slow, its next responses show that before many
 * attempts are repeated.
 */
const NEXT_KEY_AFTER_MS = 200;

/**
 * Makes keys that block others yield. Their hanging attempts are interrupted before the timeout, which says nothing about
 * message or destination; they are then tried one attempt at a time, with the full timeout, until one is answered.
 */
export class Preemption<M extends Deliverable> {
  readonly #keys: KeyRegistry<M>;
  readonly #scheduler: FairScheduler<M>;
  readonly #clock: Clock;
  readonly #ports: Pick<Ports<M>, 'interrupt' | 'onChange'>;
  #interruptedAt = Number.NEGATIVE_INFINITY;

  constructor(
    keys: KeyRegistry<M>,
    scheduler: FairScheduler<M>,
    clock: Clock,
    ports: Pick<Ports<M>, 'interrupt' | 'onChange'>,
  ) {
    this.#keys = keys;
    this.#scheduler = scheduler;
    this.#clock = clock;
    this.#ports = ports;
  }

  /** Interrupts the key's attempts in flight, once all of them hang; to be called until there are none. */
  interrupt(routingKey: string): void {
    const now = this.#clock.monotonic();
    const key = this.#keys.get(routingKey);
    if (key === undefined || key.destination.isUnreachableForAll(routingKey) || !isHanging(key, now)) return;
    if (key.hangs || mayBeInterrupted(key, now)) this.#interrupt(key, now);
  }

  /**
   * If every slot is taken while keys that do not hang have something to start: interrupts the hanging key with the
   * most of them. To be called several times a second.
   */
  makeRoom(): void {
    if (!this.#scheduler.isFull) return;
    const now = this.#clock.monotonic();
    let most: KeyQueue<M> | undefined;
    for (const key of this.#keys.all) {
      // A single attempt would be retried at once.
      if (key.inFlight <= Math.max(1, most?.inFlight ?? 0)) continue;
      if (!key.destination.circuit.isOpen && mayBeInterrupted(key, now) && isHanging(key, now)) most = key;
    }
    if (most === undefined) return;
    for (const key of this.#scheduler.waiting()) if (!isHanging(key, now)) return this.#interrupt(most, now);
  }

  #interrupt(key: KeyQueue<M>, now: number): void {
    if (now - this.#interruptedAt < NEXT_KEY_AFTER_MS) return;
    this.#interruptedAt = now;
    const entries = entriesInFlight(key);
    const { routingKey, hangs } = key;
    key.hangs = true;
    key.interruptedAt = now;
    if (!hangs) this.#ports.onChange({ kind: 'key-interrupted', routingKey, attempts: entries.length });
    for (const { message } of entries) this.#ports.interrupt(message);
  }
}

function mayBeInterrupted<M extends Deliverable>({ interruptedAt }: KeyQueue<M>, now: number): boolean {
  return now - interruptedAt >= INTERRUPT_EVERY_MS;
}

/** Whether the key has attempts in flight and all of them hang. */
function isHanging<M extends Deliverable>(key: KeyQueue<M>, now: number): boolean {
  if (key.inFlight === 0) return false;
  const { hangThreshold, keys } = key.destination;
  const before = now - hangThreshold.ms(keys, now);
  return entriesInFlight(key).every(({ history }) => (history.attemptBeganAt ?? now) < before);
}

function entriesInFlight<M extends Deliverable>({ queues }: KeyQueue<M>): QueuedMessage<M>[] {
  const entries: QueuedMessage<M>[] = [];
  for (const queue of queues.values()) {
    const [head] = queue.entries;
    if (queue.state === 'attempting' && head !== undefined) entries.push(head);
  }
  return entries;
}
