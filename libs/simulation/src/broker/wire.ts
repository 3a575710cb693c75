import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';

interface Frame {
  readonly label: string;
  readonly receive: () => void;
}

interface Packet {
  readonly sentAt: number;
  readonly frames: Frame[];
}

const MIN_LATENCY_MS = 0.1;
const MAX_LATENCY_MS = 2;

/** One direction of a TCP connection: frames arrive in order; those sent at the same time arrive together. */
export class Wire {
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  readonly #name: string;
  readonly #inTransit: Packet[] = [];
  #arrivesAt = 0;
  /** Nothing arrives before that. */
  #heldUntil = 0;
  #isCut = false;
  #isHeldUp = false;
  /** Packets that would have arrived. */
  #late = 0;

  constructor(scheduler: Scheduler, name: string) {
    this.#scheduler = scheduler;
    this.#random = new SeededRandom(scheduler.seed, name);
    this.#name = name;
  }

  send(label: string, receive: () => void): void {
    if (this.#isCut) return;
    const { now } = this.#scheduler;
    const last = this.#inTransit.at(-1);
    if (last?.sentAt === now) {
      last.frames.push({ label, receive });
      return;
    }
    this.#inTransit.push({ sentAt: now, frames: [{ label, receive }] });
    const latency = MIN_LATENCY_MS + this.#random.fraction() * (MAX_LATENCY_MS - MIN_LATENCY_MS);
    this.#arrivesAt = Math.max(this.#arrivesAt, now + latency);
    this.#scheduler.schedule(this.#arrivesAt - now, this.#name, () => this.#receive());
  }

  /**
   * Nothing that is sent from now on arrives; of what is in transit only the first frames do, possibly much later, and
   * then the end. A connection breaks once: a second cut has no effect.
   */
  cut(keptFrames: number, end: () => void, delayMs = 0): void {
    if (this.#isCut) return;
    this.#heldUntil = this.#scheduler.now + delayMs;
    let kept = keptFrames;
    for (const packet of this.#inTransit) {
      packet.frames.splice(kept);
      kept -= packet.frames.length;
    }
    this.send('end of the connection', end);
    this.#isCut = true;
  }

  /** Nothing arrives until it ends: then everything that was sent meanwhile does, as when a network has dropped packets. */
  holdUp(isHeldUp: boolean): void {
    this.#isHeldUp = isHeldUp;
    while (!this.#isHeldUp && this.#late > 0) {
      this.#late -= 1;
      this.#receive();
    }
  }

  /** Frames in transit. */
  get length(): number {
    return this.#inTransit.reduce((sum, { frames }) => sum + frames.length, 0);
  }

  #receive(): void {
    if (this.#isHeldUp) {
      this.#late += 1;
      return;
    }
    const ms = this.#heldUntil - this.#scheduler.now;
    if (ms > 0) {
      this.#scheduler.schedule(ms, this.#name, () => this.#receive());
      return;
    }
    for (const { label, receive } of this.#inTransit.shift()?.frames ?? []) {
      this.#scheduler.note(`${this.#name}: ${label}`);
      receive();
    }
  }
}
