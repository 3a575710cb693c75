import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { HEARTBEAT_SECONDS } from './broker-connection';

/**
 * After a question that the broker answered our lanes are ours for so long: it closes a connection that is silent for a
 * heartbeat, and gives its lanes to others, no sooner.
 */
const OWNED_FOR_MS = (HEARTBEAT_SECONDS - 0.5) * 1_000;
/** A broker that answers nothing for so long is asked over a new connection. */
const SILENT_FOR_MS = 2 * HEARTBEAT_SECONDS * 1_000;

/** An instant on both clocks; milliseconds. */
interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/** When the broker was last heard: a process that was paused may have lost its lanes without knowing. */
export class BrokerLiveness {
  readonly #clock: Clock;
  readonly #once: (() => void)[] = [];
  #heard: Moment = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };

  constructor(clock: Clock = SYSTEM_CLOCK) {
    this.#clock = clock;
  }

  /**
   * Whether our lanes can be nobody else's. By both clocks: the monotonic one stops while the machine is suspended, and the
   * wall clock may be set. Either lets attempts wait for the broker's next answer, which is a second.
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

  /** The broker answered what it was asked then. */
  heard(asked: Moment = this.now()): void {
    if (asked.monotonic > this.#heard.monotonic) this.#heard = asked;
    if (this.ownsLanes) for (const callback of this.#once.splice(0)) callback();
  }

  /** Calls back with the broker's next sign of life; never where the connection is lost instead. */
  once(callback: () => void): void {
    this.#once.push(callback);
  }

  /** The connection is gone, and with it all that waited for a sign of life on it. */
  lost(): void {
    this.#once.length = 0;
  }
}
