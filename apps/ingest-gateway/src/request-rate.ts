import { type Clock } from '@pdaltagent/clock';

/** A burst of this many seconds' worth of requests is allowed: monitoring reports many alerts of one fault at once. */
const BURST_SECONDS = 10;
/** Senders that are remembered; then the one that has sent nothing for the longest time is forgotten. */
const SENDERS = 10_000;

interface Bucket {
  tokens: number;
  /** When `tokens` was right; monotonic milliseconds. */
  readonly at: number;
}

/**
 * A token bucket for each sender. Not rate-limiter-flexible: that counts in fixed windows, with its own timers and a promise for
 * each request.
 */
export class RequestRate {
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  /** @param perSecond 0: any number of requests */
  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** Counts a request. @returns 0 if the sender may send it, otherwise the seconds after which it may send one */
  take(sender: string): number {
    if (this.#perSecond === 0) return 0;
    const now = this.#clock.monotonic();
    const bucket = this.#bucketOf(sender, now);
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / this.#perSecond);
    bucket.tokens -= 1;
    return 0;
  }

  /** The bucket used last is the last in the map, so that the first is the one to forget. */
  #bucketOf(sender: string, now: number): Bucket {
    const found = this.#buckets.get(sender);
    const tokens = found === undefined ? this.#capacity : this.#tokensAt(found, now);
    const bucket = { tokens, at: now };
    this.#buckets.delete(sender);
    this.#buckets.set(sender, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > SENDERS && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }

  get #capacity(): number {
    return this.#perSecond * BURST_SECONDS;
  }

  #tokensAt({ tokens, at }: Bucket, now: number): number {
    return Math.min(this.#capacity, tokens + ((now - at) / 1000) * this.#perSecond);
  }
}
