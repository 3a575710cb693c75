import { type SimulatedResponse } from '../http/simulated-response';
import { restError } from './errors';

const WINDOW_MS = 60_000;

export interface Allowance {
  /** ratelimit-limit, ratelimit-remaining, ratelimit-reset (seconds until the window ends). */
  readonly headers: Readonly<Record<string, string>>;
  /** The answer, if the limit is exceeded. */
  readonly refusal: SimulatedResponse | undefined;
}

interface Window {
  endsAt: number;
  used: number;
}

/** Limits requests per minute and token, in windows that begin with a first request. */
export class RestRateLimit {
  readonly #windows = new Map<string, Window>();

  /** Counts one request of the token. Without a limit there are no headers. */
  take(token: string, perMinute: number | null, now: number): Allowance {
    if (perMinute === null) return { headers: {}, refusal: undefined };
    const window = this.#window(token, now);
    const exhausted = window.used >= perMinute;
    if (!exhausted) window.used += 1;
    const headers = {
      'ratelimit-limit': String(perMinute),
      'ratelimit-remaining': String(perMinute - Math.min(window.used, perMinute)),
      'ratelimit-reset': String(Math.max(1, Math.ceil((window.endsAt - now) / 1000))),
    };
    return {
      headers,
      refusal: exhausted ? restError(429, 2020, 'Rate Limit Exceeded', undefined, headers) : undefined,
    };
  }

  reset(): void {
    this.#windows.clear();
  }

  #window(token: string, now: number): Window {
    const known = this.#windows.get(token);
    if (known && now < known.endsAt) return known;
    const window = { endsAt: now + WINDOW_MS, used: 0 };
    this.#windows.set(token, window);
    return window;
  }
}
