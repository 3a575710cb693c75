const WINDOW_MS = 60_000;

/** A sliding window of one minute per routing key, as in the Events API. Rejected events do not count. */
export class Throttle {
  readonly #accepted = new Map<string, number[]>();

  /** Counts one event of the key. @returns false if the window is full */
  take(routingKey: string, perMinute: number, now: number): boolean {
    const times = this.#accepted.get(routingKey) ?? [];
    while (times[0] !== undefined && times[0] <= now - WINDOW_MS) times.shift();
    if (times.length >= perMinute) return false;
    times.push(now);
    this.#accepted.set(routingKey, times);
    return true;
  }

  reset(): void {
    this.#accepted.clear();
  }
}
