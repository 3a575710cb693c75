import { type Attempt, type Outcome } from './outcome';
import { retryAfterMs } from './retry-after';

/** How an event was sent: it decides what a 403 means, and whom a refusal speaks about. */
export type EventPath = 'v2' | 'v1' | 'change' | 'x-ere' | 'integration' | 'integration-change';

/**
 * The only answers that no repetition mends: the event itself is wrong.
 * Source: developer.pagerduty.com, Events API v2 "Response codes and retry logic"; RFC 9110 for 413 to 422.
 */
const CONDEMNED: ReadonlySet<number> = new Set([400, 413, 414, 415, 422]);

/**
 * On these paths 403 means "rate limited", not "forbidden".
 * Source: developer.pagerduty.com, Events API v1 "Response codes and retry logic"; PagerDuty Agent sendevent.py.
 */
const THROTTLED_BY_403: ReadonlySet<EventPath> = new Set(['v1', 'x-ere', 'integration', 'integration-change']);

/** On vendor paths the key is part of the URL: what is wrong with the way may be wrong for that key only. */
const KEY_IN_PATH: ReadonlySet<EventPath> = new Set(['x-ere', 'integration', 'integration-change']);

const GONE = 410;

/** What an attempt to post an event to PagerDuty meant. `now`: milliseconds since 1970, for dates in Retry-After. */
export function classifyEvent(path: EventPath, attempt: Attempt, now: number): Outcome {
  if (attempt.kind === 'fault') return faultOutcome(attempt);
  const { status, body } = attempt;
  const wait = retryAfterMs(attempt.retryAfter, now);
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  if (CONDEMNED.has(status)) return { kind: 'rejected', status, answer: body };
  if (status === 429 || (status === 403 && THROTTLED_BY_403.has(path)))
    return { kind: 'throttled', status, retryAfterMs: wait };
  if (status >= 500 || status === 408) return serverFailure(status, body, wait);
  // What is left speaks of the way, not of the event: a proxy's page, a wrong base URL, a redirect.
  return {
    kind: 'failed',
    reason: 'way',
    scope: KEY_IN_PATH.has(path) ? 'key' : 'destination',
    status,
    detail: body,
    retryAfterMs: wait,
  };
}

/**
 * What an attempt to post a webhook meant, by PagerDuty's own policy: 5xx, 429, timeouts, connection and DNS faults and an
 * expired certificate are retried, every other refusal is final; 410 pauses the destination, and what is for it is held.
 * One thing is not PagerDuty's: where a certificate cannot be trusted a webhook is tried until it is too old, for a
 * certificate that is being replaced shall cost nobody a webhook.
 * Source: developer.pagerduty.com, Webhooks "Delivery" (retries up to 48 hours); RFC 9110, 15.5.11 for 410.
 */
export function classifyWebhook(attempt: Attempt, now: number): Outcome {
  if (attempt.kind === 'fault') return faultOutcome(attempt);
  const { status, body } = attempt;
  const wait = retryAfterMs(attempt.retryAfter, now);
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  if (status === 429) return { kind: 'throttled', status, retryAfterMs: wait };
  if (status >= 500 || status === 408) return serverFailure(status, body, wait);
  return { kind: status === GONE ? 'gone' : 'rejected', status, answer: body };
}

function serverFailure(status: number, body: string, wait: number | undefined): Outcome {
  const reason = status === 408 ? 'request-timeout' : 'server-error';
  return { kind: 'failed', reason, scope: 'destination', status, detail: body, retryAfterMs: wait };
}

function faultOutcome({ fault, detail }: Extract<Attempt, { kind: 'fault' }>): Outcome {
  return { kind: 'failed', reason: fault, scope: 'destination', status: undefined, detail, retryAfterMs: undefined };
}
