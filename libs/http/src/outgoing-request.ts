import axios, { type AxiosAdapter, type AxiosInstance } from 'axios';
import { type IncomingHttpHeaders } from 'node:http';

/** What a header's value may not hold. Source: RFC 9110, 5.5; Node refuses to send it. */
const INVALID_HEADER_CHARACTER = /[^\t\x20-\x7e\x80-\xff]/;

/** One request. A class: as `data` axios passes it on as it is, where it merges and rewrites what else is in a config. */
export class OutgoingRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly signal: AbortSignal | undefined;

  constructor({
    method,
    url,
    headers,
    body,
    signal,
  }: Omit<OutgoingRequest, 'body' | 'signal'> & Partial<OutgoingRequest>) {
    this.method = method;
    this.url = url;
    this.headers = Object.values(headers).some((value) => INVALID_HEADER_CHARACTER.test(value))
      ? withoutInvalidCharacters(headers)
      : headers;
    this.body = body;
    this.signal = signal;
  }
}

/** What came back for a `Sending`. Header names are in lower case. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * An axios whose requests have a `Sending` for their data, and whose responses an `Answer`. It has no other defaults than its
 * adapter: axios would merge and rewrite them, headers above all, anew for every request.
 */
export function createClient(adapter: AxiosAdapter): AxiosInstance {
  const client = axios.create();
  const { defaults } = client;
  for (const name of Object.keys(defaults)) Reflect.deleteProperty(defaults, name);
  Object.assign(defaults, { adapter });
  return client;
}

function withoutInvalidCharacters(headers: Readonly<Record<string, string>>): Record<string, string> {
  const everywhere = new RegExp(INVALID_HEADER_CHARACTER, 'g');
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace(everywhere, '')]));
}
