import { HEARTBEAT_SECONDS } from './session';

/**
 * After a question that the broker answered our lanes are ours for so long: it closes a connection that is silent for a
 * heartbeat, and gives its lanes to others, no sooner.
 */
const OURS_FOR_MS = (HEARTBEAT_SECONDS - 0.5) * 1_000;
/** A broker that answers nothing for so long is asked over a new connection. */
const SILENT_FOR_MS = 2 * HEARTBEAT_SECONDS * 1_000;

/** When the broker was last heard: a process that was paused may have lost its lanes without knowing. */
export class Hearing {
  #heardAt = 0;
  readonly #once: (() => void)[] = [];

  /** Whether our lanes can be nobody else's. */
  get holdsLanes(): boolean {
    return this.#isWithin(OURS_FOR_MS);
  }

  get isSilent(): boolean {
    return !this.#isWithin(SILENT_FOR_MS);
  }

  /** The broker answered what it was asked then; milliseconds since 1970. */
  heard(askedAt: number): void {
    this.#heardAt = Math.max(this.#heardAt, askedAt);
    if (this.holdsLanes) for (const callback of this.#once.splice(0)) callback();
  }

  /** Calls back with the broker's next sign of life; never where the connection is lost instead. */
  once(callback: () => void): void {
    this.#once.push(callback);
  }

  /** The connection is gone, and with it all that waited for a sign of life on it. */
  lost(): void {
    this.#once.length = 0;
  }

  #isWithin(ms: number): boolean {
    return Date.now() - this.#heardAt < ms;
  }
}
