import { type IncomingHttpHeaders } from 'node:http';

// Between this hop and its peer only (RFC 9110, 7.6.1).
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
// Said anew by whoever posts the body on: it goes to another host, not compressed, once accepted.
const OF_THIS_REQUEST = [
  'accept-encoding',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'traceparent',
  'tracestate',
];
const CREDENTIALS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'private-token',
  'x-access-token',
  'x-amz-security-token',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
  'x-pdaltagent-token',
];
// Who sent it through which proxies is the organisation's own business.
const FORWARDING = [
  'cf-connecting-ip',
  'forwarded',
  'true-client-ip',
  'via',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-original-forwarded-for',
  'x-real-ip',
  'x-request-id',
];

const DROPPED: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...OF_THIS_REQUEST, ...CREDENTIALS, ...FORWARDING]);

/** The headers of a vendor that a transformer at PagerDuty may want to see, as `x-amz-sns-topic-arn`. */
export function forwardHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const forward: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || DROPPED.has(name) || named.has(name) || name.startsWith('x-forwarded-')) continue;
    forward[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return forward;
}
