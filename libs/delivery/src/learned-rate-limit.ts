/** PagerDuty counts a key's events in a sliding window; documented as about 120 a minute. */
const WINDOW_SECONDS = 60;
/** One bucket more than the window, so that events that PagerDuty may still count are not dropped too early. */
const BUCKETS = WINDOW_SECONDS + 1;
/** Concurrent attempts while a key is throttled and its rate is not known yet. */
const UNKNOWN_RATE_CONCURRENCY = 2;

/**
 * The rate that a destination grants one key, learned from its responses: nothing is assumed before the first 429,
 * then the number accepted in a whole window is the limit, and a little more is tried from time to time. All times in
 * milliseconds.
 */
export class LearnedRateLimit {
  readonly #accepted = new Uint32Array(BUCKETS);
  #second = 0;
  #sum = 0;
  /** Since when every accepted event is in the buckets; undefined before the first. */
  #observedSince: number | undefined;
  #limit: number | undefined;
  #throttledAt = Number.NEGATIVE_INFINITY;
  #raisedAt = Number.NEGATIVE_INFINITY;
  #step = 1;

  /** Events per minute, once learned. */
  get limit(): number | undefined {
    return this.#limit;
  }

  /** Another worker may have sent events of the key until now: they use up a part of its window. */
  observeAgain(now: number): void {
    this.#observedSince = now;
  }

  /** The destination accepted an event. */
  recordAccepted(now: number): void {
    this.#slide(now);
    this.#accepted[this.#second % BUCKETS] = (this.#accepted[this.#second % BUCKETS] ?? 0) + 1;
    this.#sum += 1;
  }

  /** The destination throttled an event. */
  recordThrottled(now: number): void {
    this.#slide(now);
    const observed = this.#observedSince !== undefined && now - this.#observedSince >= BUCKETS * 1000;
    if (observed && this.#sum > 0) {
      // Several concurrent attempts are throttled at once; what was accepted before them counts.
      const sameWave = now - this.#throttledAt < 1_000;
      const isFirst = this.#limit === undefined;
      this.#limit = sameWave ? Math.max(this.#limit ?? 0, this.#sum) : this.#sum;
      // The first estimate may be too low: another worker may have used up part of the window.
      this.#step = isFirst ? Math.ceil(this.#limit / 10) : 1;
      this.#raisedAt = now;
    }
    this.#throttledAt = now;
  }

  /** How many attempts of the key may be in flight now. */
  available(now: number): number {
    this.#slide(now);
    if (this.#limit !== undefined) {
      this.#raise(now);
      return this.#limit - this.#sum;
    }
    const recently = now - this.#throttledAt < BUCKETS * 1000;
    return recently ? UNKNOWN_RATE_CONCURRENCY : Number.POSITIVE_INFINITY;
  }

  /** Milliseconds until the window allows one more; 0 if it does now. */
  untilAvailable(now: number): number {
    if (this.available(now) > 0) return 0;
    for (let age = BUCKETS - 1; age > 0; age -= 1) {
      const second = this.#second - age;
      if ((this.#accepted[((second % BUCKETS) + BUCKETS) % BUCKETS] ?? 0) > 0) return (second + BUCKETS) * 1000 - now;
    }
    return 1_000;
  }

  /** Raises a limit that held, in growing steps, but so rarely that it costs under 2 % of the attempts. */
  #raise(now: number): void {
    if (this.#limit === undefined) return;
    const windows = Math.max(1, Math.ceil(60 / this.#limit));
    if (now - this.#raisedAt < windows * BUCKETS * 1000) return;
    this.#limit += this.#step;
    this.#step = Math.min(this.#step * 2, this.#limit);
    this.#raisedAt = now;
  }

  #slide(now: number): void {
    const second = Math.floor(now / 1000);
    this.#observedSince ??= now;
    if (second - this.#second >= BUCKETS) {
      this.#accepted.fill(0);
      this.#sum = 0;
      this.#second = second;
      return;
    }
    while (this.#second < second) {
      this.#second += 1;
      this.#sum -= this.#accepted[this.#second % BUCKETS] ?? 0;
      this.#accepted[this.#second % BUCKETS] = 0;
    }
  }
}
