import { type Attempt } from '@pdaltagent/delivery';
import { Agents, exchangeAdapter, faultOf } from '@pdaltagent/http';
import axios, { isAxiosError } from 'axios';
import { readFileSync } from 'node:fs';

const CONNECT_TIMEOUT_MS = 3_000;
const ATTEMPT_TIMEOUT_MS = 4_000;
const ANSWER_LIMIT = 1024 * 1024;

export type Fetch = (url: string, headers?: Readonly<Record<string, string>>) => Promise<Attempt>;

/** GET as the services post: the same proxy, the same authorities. One call is one attempt; it never rejects. */
export function createFetch(certificateAuthorities: string | undefined): Fetch {
  const tls =
    certificateAuthorities === undefined ? {} : { tls: { ca: [readFileSync(certificateAuthorities, 'utf8')] } };
  const client = axios.create({
    adapter: exchangeAdapter({
      agents: new Agents({ maxSockets: 4, ...tls }),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      answerLimit: ANSWER_LIMIT,
    }),
    validateStatus: null,
    transformResponse: [],
  });
  return async (url, headers = {}) => {
    try {
      const { status, data } = await client.get<string>(url, {
        headers: { 'accept-encoding': 'identity', ...headers },
      });
      return { kind: 'answer', status, retryAfter: undefined, body: data };
    } catch (error) {
      if (!isAxiosError(error)) throw error;
      return { kind: 'fault', fault: faultOf(error), detail: error.message };
    }
  };
}
