import { type Clock } from '@pdaltagent/clock';
import { type Held, type KeyLine, type OrderLine } from './key-queue';
import { INTERRUPT_EVERY_MS } from './hang-threshold';

/** A key may start while it has fewer in flight than this many times the free slots: some are always left for others. */
const GREED = 16;
/** Whose turn it is: routing keys one after the other, each as far as its pace, its share and its destination allow. */
export class Turn<M extends Held> {
  readonly #concurrency: number;
  readonly #clock: Clock;
  readonly #start: (line: OrderLine<M>) => void;
  /** A lone key reaches the whole concurrency; the slots beyond it are what is left for a newcomer. */
  readonly #slots: number;
  /** Keys with something ready, in turn. */
  readonly #keys = new Set<KeyLine<M>>();
  #inFlight = 0;

  constructor({
    concurrency,
    clock,
    start,
  }: {
    readonly concurrency: number;
    readonly clock: Clock;
    readonly start: (line: OrderLine<M>) => void;
  }) {
    this.#concurrency = concurrency;
    this.#clock = clock;
    this.#start = start;
    this.#slots = concurrency + Math.ceil(concurrency / GREED);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether some slots at most are left: those that are kept for newcomers. */
  get isFull(): boolean {
    return this.#inFlight >= this.#concurrency;
  }

  /** Keys that have nothing to wait for but a slot. */
  *waiting(): Iterable<KeyLine<M>> {
    const now = this.#clock.monotonic();
    for (const key of this.#keys) {
      const { ready, mayStart, destination, routingKey, inFlight, pace } = key;
      const isFree = ready.size > 0 && mayStart && destination.circuit.admits(routingKey);
      if (isFree && inFlight < Math.min(this.#shareOf(key, now), pace.room(now))) yield key;
    }
  }

  makeReady(line: OrderLine<M>): void {
    line.stopWaiting();
    line.state = 'ready';
    line.key.ready.add(line);
    this.#keys.add(line.key);
  }

  /** The line's head goes on the wire. */
  began(line: OrderLine<M>): void {
    line.state = 'attempting';
    line.key.inFlight += 1;
    this.#inFlight += 1;
  }

  /** Its attempt is over, however it went. */
  ended(line: OrderLine<M>): void {
    line.key.inFlight -= 1;
    this.#inFlight -= 1;
    // It may have waited for the end of this very attempt.
    if (line.key.ready.size > 0) this.#keys.add(line.key);
  }

  /** Nothing of the key starts for so long. */
  makeKeyWait(key: KeyLine<M>, ms: number): void {
    if (key.stopWaiting !== undefined) return;
    key.waitsUntil = this.#clock.monotonic() + ms;
    key.stopWaiting = this.#clock.after(ms, () => {
      key.stopWaiting = undefined;
      this.wake(key);
    });
  }

  wake(key: KeyLine<M>): void {
    if (key.ready.size > 0) this.#keys.add(key);
    this.pump();
  }

  /** Starts as many attempts as there are slots, one routing key after the other. */
  pump(): void {
    for (const key of this.#keys) {
      if (this.#inFlight >= this.#slots) return;
      const [line] = key.ready;
      if (line === undefined || !key.mayStart) {
        this.#keys.delete(key);
        continue;
      }
      if (!key.destination.circuit.admits(key.routingKey) || !this.#hasRoom(key)) continue;
      // To the end of the turn, which the loop reaches again while there is something to start.
      this.#keys.delete(key);
      this.#keys.add(key);
      this.#start(line);
    }
  }

  #hasRoom(key: KeyLine<M>): boolean {
    const now = this.#clock.monotonic();
    const free = this.#slots - this.#inFlight;
    if (key.inFlight >= Math.min(this.#shareOf(key, now), GREED * free)) return false;
    if (key.inFlight < key.pace.room(now)) return true;
    // With something in flight, its answer asks again.
    if (key.inFlight === 0) this.makeKeyWait(key, key.pace.untilRoom(now));
    return false;
  }

  /** What a key may have in flight at most. While it cannot be interrupted again, a slow one shall not take all once more. */
  #shareOf({ interruptedAt }: KeyLine<M>, now: number): number {
    const isModest = now - interruptedAt < INTERRUPT_EVERY_MS;
    return isModest ? this.#concurrency / GREED : this.#concurrency;
  }
}
