import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { HEARTBEAT_SECONDS } from './connect';

/**
 * How long the lanes are certainly ours after a request that the broker answered: it does not close a connection that is
 * silent, and give its lanes to other workers, before a heartbeat interval has passed.
 */
const OWNED_FOR_MS = (HEARTBEAT_SECONDS - 0.5) * 1_000;
/** After this long without a reply, the connection is replaced. */
const SILENT_FOR_MS = 2 * HEARTBEAT_SECONDS * 1_000;

/** An instant on both clocks; milliseconds. */
interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/** Tracks when the broker last answered: a process that was paused may have lost its lanes without knowing. */
export class BrokerLiveness {
  readonly #clock: Clock;
  readonly #once: (() => void)[] = [];
  #heard: Moment = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };

  constructor(clock: Clock = SYSTEM_CLOCK) {
    this.#clock = clock;
  }

  /**
   * Whether no other worker can own our lanes. By both clocks: the monotonic one stops while the machine is
   * suspended, and the wall clock can be changed. In both cases attempts wait for the broker's next reply, which takes
   * about a second.
   */
  get ownsLanes(): boolean {
    const { monotonic, wall } = this.now();
    return monotonic - this.#heard.monotonic < OWNED_FOR_MS && Math.abs(wall - this.#heard.wall) < OWNED_FOR_MS;
  }

  get isSilent(): boolean {
    return this.now().monotonic - this.#heard.monotonic >= SILENT_FOR_MS;
  }

  now(): Moment {
    return { monotonic: this.#clock.monotonic(), wall: this.#clock.wall() };
  }

  /** The broker answered a request that was sent at that moment. */
  recordReply(asked: Moment = this.now()): void {
    if (asked.monotonic > this.#heard.monotonic) this.#heard = asked;
    if (this.ownsLanes) for (const callback of this.#once.splice(0)) callback();
  }

  /** Calls back at the broker's next reply; never if the connection is lost first. */
  once(callback: () => void): void {
    this.#once.push(callback);
  }

  /** The connection was lost: callbacks that waited for a reply on it are dropped. */
  onConnectionLost(): void {
    this.#once.length = 0;
  }
}
