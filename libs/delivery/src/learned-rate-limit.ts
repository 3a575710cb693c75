/** PagerDuty counts a key's events in a window that slides; documented as about 120 a minute. */
const WINDOW_SECONDS = 60;
/** One bucket more than the window, so that what PagerDuty may still count is never taken as gone. */
const BUCKETS = WINDOW_SECONDS + 1;
/** Attempts at one time while a key is throttled and its rate is not known yet. */
const UNKNOWN_RATE_CONCURRENCY = 2;

/**
 * What rate a destination grants one key, learnt from its answers: nothing is assumed before the first "too many", then
 * what was taken in a whole window is the limit, and a little more is tried once in a while. All times in milliseconds.
 */
export class LearnedRateLimit {
  readonly #taken = new Uint32Array(BUCKETS);
  #second = 0;
  #sum = 0;
  /** Since when everything that was taken is in the buckets. */
  #observedSince: number | undefined;
  #limit: number | undefined;
  #throttledAt = Number.NEGATIVE_INFINITY;
  #raisedAt = Number.NEGATIVE_INFINITY;
  #step = 1;

  /** Events a minute, once learnt. */
  get limit(): number | undefined {
    return this.#limit;
  }

  /** The destination took one. */
  took(now: number): void {
    this.#slide(now);
    this.#taken[this.#second % BUCKETS] = (this.#taken[this.#second % BUCKETS] ?? 0) + 1;
    this.#sum += 1;
  }

  /** The destination said "too many". */
  throttled(now: number): void {
    this.#slide(now);
    const observed = this.#observedSince !== undefined && now - this.#observedSince >= BUCKETS * 1000;
    if (observed && this.#sum > 0) {
      // Several attempts of one wave are turned away at once; what was taken before them counts.
      const sameWave = now - this.#throttledAt < 1_000;
      const isFirst = this.#limit === undefined;
      this.#limit = sameWave ? Math.max(this.#limit ?? 0, this.#sum) : this.#sum;
      // What is learnt first may be too little: another worker may have used up part of the window.
      this.#step = isFirst ? Math.ceil(this.#limit / 10) : 1;
      this.#raisedAt = now;
    }
    this.#throttledAt = now;
  }

  /** How many attempts of the key may be on the wire now. */
  available(now: number): number {
    this.#slide(now);
    if (this.#limit !== undefined) {
      this.#raise(now);
      return this.#limit - this.#sum;
    }
    const recently = now - this.#throttledAt < BUCKETS * 1000;
    return recently ? UNKNOWN_RATE_CONCURRENCY : Number.POSITIVE_INFINITY;
  }

  /** Until the window has room for one more; 0 where it has. */
  untilAvailable(now: number): number {
    if (this.available(now) > 0) return 0;
    for (let age = BUCKETS - 1; age > 0; age -= 1) {
      const second = this.#second - age;
      if ((this.#taken[((second % BUCKETS) + BUCKETS) % BUCKETS] ?? 0) > 0) return (second + BUCKETS) * 1000 - now;
    }
    return 1_000;
  }

  /** A limit that held is raised a little, so seldom that it costs under 2 % of the attempts, in growing steps. */
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
      this.#taken.fill(0);
      this.#sum = 0;
      this.#second = second;
      return;
    }
    while (this.#second < second) {
      this.#second += 1;
      this.#sum -= this.#taken[this.#second % BUCKETS] ?? 0;
      this.#taken[this.#second % BUCKETS] = 0;
    }
  }
}
