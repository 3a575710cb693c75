import { type Attempt } from '@pdaltagent/delivery';
import { type SimulatedEvent } from './event';

type Response = Extract<Attempt, { readonly kind: 'response' }>;
type Headers = Pick<Response, 'date'> & { readonly retryAfter?: string };

/** What PagerDuty answers, or something between it and a worker: one of each that the worker treats differently. */
export const ACCEPTED = response(202, '{"status":"success","message":"Event processed","dedup_key":"x"}');

const INVALID = '{"status":"invalid event","message":"Event object is invalid","errors":["x"]}';

/** PagerDuty rejects the event. */
const REJECTIONS: readonly [Response, ...Response[]] = [
  response(400, INVALID),
  response(
    400,
    '{"status":"Unrecognized object","message":"Event object format is unrecognized","errors":["JSON parse error"]}',
  ),
  response(413, INVALID),
  response(414, INVALID),
  response(415, INVALID),
  response(422, INVALID),
];

const DAY = 'Wed, 21 Oct 2015 07:28';
const THROTTLED =
  '{"status":"throttle exceeded","message":"Requests for this service are arriving too quickly.  Please retry later.","errors":["Enhance Your Calm."]}';

/** Of an event, always the same. */
export function rejectionOf({ index }: Pick<SimulatedEvent, 'index'>): Response {
  return REJECTIONS[index % REJECTIONS.length] ?? REJECTIONS[0];
}

/** The key is throttled, and how long the worker must wait then; a date counts from the response's own. */
export const THROTTLES: readonly { readonly attempt: Attempt; readonly waitMs: number }[] = [
  { attempt: response(429, '{}'), waitMs: 0 },
  { attempt: response(429, '429 - Request Limit Exceeded'), waitMs: 0 },
  { attempt: response(429, THROTTLED, { retryAfter: '0' }), waitMs: 0 },
  { attempt: response(429, THROTTLED, { retryAfter: 'soon' }), waitMs: 0 },
  { attempt: response(429, THROTTLED, { retryAfter: '4' }), waitMs: 4_000 },
  { attempt: response(429, THROTTLED, { retryAfter: '10' }), waitMs: 10_000 },
  { attempt: response(429, THROTTLED, { retryAfter: `${DAY}:06 GMT`, date: `${DAY}:00 GMT` }), waitMs: 6_000 },
];

/** PagerDuty fails. */
export const FAILURES: readonly Attempt[] = [
  response(500, '{"status":"error","message":"x"}'),
  response(500, ''),
  response(503, '{"status":"error","message":"x"}', { retryAfter: '2' }),
  response(504, 'upstream request timeout'),
  response(408, ''),
];

/** A proxy, firewall or login page answers: nothing of it says anything about the event. */
export const INTERMEDIARY_ANSWERS: readonly Attempt[] = [
  response(502, '<html>Bad gateway</html>'),
  response(503, '<html>Maintenance</html>', { retryAfter: '2' }),
  response(200, '<html>Sign in</html>'),
  response(202, '<html>Sign in</html>'),
  response(202, '{}'),
  response(200, '{"status":"success"}'),
  response(204, ''),
  response(301, ''),
  response(307, '<html>Moved</html>'),
  response(400, '<html>Bad request</html>'),
  response(401, '<html>Unauthorized</html>'),
  response(403, '<html>Forbidden</html>'),
  response(404, '<html>Not found</html>'),
  response(404, '{"status":"invalid event","message":"x"}'),
  response(405, ''),
  response(407, '<html>Proxy authentication required</html>'),
  response(410, '<html>Gone</html>'),
  response(413, '<html>Too large</html>'),
  response(414, ''),
  response(415, 'unsupported'),
  response(422, '<html>Unprocessable</html>'),
  response(431, '<html>Header too large</html>'),
  response(451, ''),
];

/** PagerDuty cannot be reached: nothing of the request arrives. */
export const UNREACHABLE: readonly Attempt[] = (
  [
    'refused',
    'dns',
    'unreachable',
    'forbidden-address',
    'tls',
    'certificate-expired',
    'certificate-untrusted',
    'proxy',
  ] as const
).map((fault) => ({ kind: 'fault', fault, detail: fault }));

/** What a worker sees if PagerDuty's response is lost. */
export const LOST_RESPONSES: readonly Attempt[] = [
  { kind: 'fault', fault: 'reset', detail: 'ECONNRESET' },
  { kind: 'fault', fault: 'cut-short', detail: 'the response is incomplete' },
  response(502, '<html>Bad gateway</html>'),
];

function response(status: number, body: string, { retryAfter, date }: Headers = {}): Response {
  const contentType = body.startsWith('<') ? 'text/html' : 'application/json';
  return { kind: 'response', status, body, retryAfter, date, contentType };
}
