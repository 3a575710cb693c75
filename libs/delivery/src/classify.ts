import { type Attempt, type FailureScope, type Outcome } from './outcome';
import { kindOfText } from './pagerduty-response';
import { retryAfterMs, timeOfResponse } from './retry-after';

/** How an event was sent: this decides what a 403 means, and whether a refusal concerns the key or the destination. */
export type EventPath = 'v2' | 'v1' | 'change' | 'x-ere' | 'integration' | 'integration-change' | 'adapter' | 'nagios';

/**
 * With PagerDuty's own error object these statuses reject the event permanently.
 * Source: developer.pagerduty.com, Events API v2 "Response codes and retry logic"; RFC 9110 for 413 to 422.
 */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 414, 415, 422]);

/** Size limits of a proxy, which concern one message only. Source: RFC 9110, 15.5.14 and 15.5.15; RFC 6585, 5. */
const TOO_LARGE: ReadonlySet<number> = new Set([413, 414, 431]);

/**
 * PagerDuty's status for an event that it accepted, where it is documented. On v1 that is 200; 202, as of the newer
 * APIs, is accepted as well. Source: developer.pagerduty.com, openapiv3.json of Events API v1 and v2.
 */
const ACCEPTED: Readonly<Partial<Record<EventPath, ReadonlySet<number>>>> = {
  v2: new Set([202]),
  change: new Set([202]),
  v1: new Set([200, 202]),
};

/**
 * On these paths 403 means "rate limited", not "forbidden".
 * Source: developer.pagerduty.com, Events API v1 "Response codes and retry logic"; PagerDuty Agent sendevent.py.
 */
const THROTTLED_BY_403: ReadonlySet<EventPath> = new Set([
  'v1',
  'x-ere',
  'integration',
  'integration-change',
  'adapter',
  'nagios',
]);

const GONE = 410;
/** How much of a response is kept for logs and dead letters; characters. */
const MAX_RESPONSE_LENGTH = 2048;
/** How much of a header is logged; characters. */
const MAX_HEADER_LENGTH = 64;

type HttpResponse = Extract<Attempt, { readonly kind: 'response' }>;

/**
 * Classifies an attempt to post an event to PagerDuty. A response that is not PagerDuty's own JSON object for that
 * path came from an intermediary and says nothing about the event, which is retried. PagerDuty documents no responses
 * for vendors' paths: there any 2xx that is not HTML is a delivery, and any JSON object with a rejecting status is a
 * rejection. `now`: milliseconds since 1970, for dates in the Retry-After of responses without a Date.
 */
export function classifyEvent(path: EventPath, attempt: Attempt, now: number): Outcome {
  if (attempt.kind === 'fault') return faultOutcome(attempt);
  const { status, body, retryAfter, date } = attempt;
  const wait = retryAfterMs(retryAfter, timeOfResponse(date, now));
  if (status === 429 || (status === 403 && THROTTLED_BY_403.has(path)))
    return { kind: 'throttled', status, retryAfterMs: wait };
  if (status >= 500 || status === 408) return serverFailure(status, body, wait);
  const isSuccess = status >= 200 && status < 300;
  const accepted = ACCEPTED[path];
  // A vendor's path, of which the key usually is a part: the fault may concern that key only.
  const scope = accepted === undefined ? 'key' : 'destination';
  if (!isSuccess && !REFUSALS.has(status) && !TOO_LARGE.has(status))
    return connectivityFailure('way', attempt, scope, wait);
  const text = kindOfText(body, attempt.contentType);
  if (isSuccess) {
    const isDelivered = accepted === undefined ? text !== 'html' : text === 'success' && accepted.has(status);
    return isDelivered
      ? { kind: 'delivered', status }
      : connectivityFailure('unrecognized-answer', attempt, 'destination', wait);
  }
  const isRefusal = text === 'error' || (accepted === undefined && (text === 'object' || text === 'success'));
  if (isRefusal && REFUSALS.has(status)) return { kind: 'rejected', status, response: excerptOf(body) };
  // One of PagerDuty's transformers may reject a single body with text of its own, which must not stop its integration.
  const isOfMessage = TOO_LARGE.has(status) || (accepted === undefined && text !== 'html');
  return connectivityFailure('unrecognized-answer', attempt, isOfMessage ? 'message' : 'destination', wait);
}

/**
 * Classifies an attempt to post a webhook, by PagerDuty's own policy: 5xx, 429, timeouts, connection and DNS faults
 * and an expired certificate are retried, every other rejection is final; 410 pauses the destination, and its
 * webhooks are held. One rule differs from PagerDuty's: with an untrusted certificate a webhook is retried until its
 * maximum age, so that replacing a certificate loses no webhook. Source: developer.pagerduty.com, Webhooks "Delivery"
 * (retries up to 48 hours); RFC 9110, 15.5.11 for 410.
 */
export function classifyWebhook(attempt: Attempt, now: number): Outcome {
  if (attempt.kind === 'fault') return faultOutcome(attempt);
  const { status, body, retryAfter, date } = attempt;
  const wait = retryAfterMs(retryAfter, timeOfResponse(date, now));
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  if (status === 429) return { kind: 'throttled', status, retryAfterMs: wait };
  // A 407 is the proxy's own: the destination never received the webhook (RFC 9110, 15.5.8).
  if (status === 407) return connectivityFailure('way', attempt, 'destination', wait);
  if (status >= 500 || status === 408) return serverFailure(status, body, wait);
  return { kind: status === GONE ? 'gone' : 'rejected', status, response: excerptOf(body) };
}

function serverFailure(status: number, body: string, wait: number | undefined): Outcome {
  const reason = status === 408 ? 'request-timeout' : 'server-error';
  return { kind: 'failed', reason, scope: 'destination', status, detail: excerptOf(body), retryAfterMs: wait };
}

/** An intermediary answered, or the URL does not exist: this says nothing about the event. */
function connectivityFailure(
  reason: 'way' | 'unrecognized-answer',
  { status, body, server, contentType }: HttpResponse,
  scope: FailureScope,
  wait: number | undefined,
): Outcome {
  const responder = { server: shorten(server), contentType: shorten(contentType?.split(';', 1)[0]) };
  return { kind: 'failed', reason, scope, status, detail: excerptOf(body), retryAfterMs: wait, responder };
}

function faultOutcome({ fault, detail }: Extract<Attempt, { kind: 'fault' }>): Outcome {
  return { kind: 'failed', reason: fault, scope: 'destination', status: undefined, detail, retryAfterMs: undefined };
}

/** A copy, so that the excerpt does not keep the whole response in memory. */
function excerptOf(body: string): string {
  return body.length <= MAX_RESPONSE_LENGTH ? body : Buffer.from(body.slice(0, MAX_RESPONSE_LENGTH)).toString();
}

function shorten(header: string | undefined): string | undefined {
  const text = header?.replace(/[^\x20-\x7e]/g, '').trim();
  return text === undefined || text === '' ? undefined : text.slice(0, MAX_HEADER_LENGTH);
}
