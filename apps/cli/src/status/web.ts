import { type Attempt } from '@pdaltagent/delivery';
import { GetClient } from '@pdaltagent/http';

const CONNECT_TIMEOUT_MS = 3_000;
const ATTEMPT_TIMEOUT_MS = 4_000;
const RESPONSE_LIMIT = 1024 * 1024;

export type Fetch = (url: string, headers?: Readonly<Record<string, string>>) => Promise<Attempt>;

/** GET with the proxy and the authorities that the services use. One call is one attempt; it never rejects. */
export function createFetch(authorities: readonly string[]): Fetch {
  const getter = new GetClient({
    maxSockets: 4,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
    responseLimit: RESPONSE_LIMIT,
    ...(authorities.length === 0 ? {} : { tls: { ca: authorities } }),
  });
  return async (url, headers = {}) => {
    const got = await getter.get(url, headers);
    return got.kind === 'fault' ? got : { kind: 'response', status: got.status, retryAfter: undefined, body: got.body };
  };
}
