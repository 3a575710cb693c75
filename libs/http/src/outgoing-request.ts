import axios, { type AxiosAdapter, type AxiosInstance } from 'axios';
import { type IncomingHttpHeaders } from 'node:http';

const UPPER_CASE = /[A-Z]/;
/** Not allowed in a header's value; undici refuses to send it. Source: RFC 9110, 5.5. */
const INVALID = /[^\t\x20-\x7e\x80-\xff]/;

/** One request. A class, because axios passes it on unchanged as `data`, but merges and rewrites everything else in a config. */
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
    this.headers = Object.entries(headers).some(([name, value]) => UPPER_CASE.test(name) || INVALID.test(value))
      ? normalized(headers)
      : headers;
    this.body = body;
    this.signal = signal;
  }
}

/** The response to an `OutgoingRequest`. Header names are in lower case. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * An axios instance whose requests have an `OutgoingRequest` as their data, and whose responses an `HttpResponse`. It has no
 * defaults but its adapter: axios would merge and rewrite them, headers above all, for every request.
 */
export function createClient(adapter: AxiosAdapter): AxiosInstance {
  const client = axios.create();
  const { defaults } = client;
  for (const name of Object.keys(defaults)) Reflect.deleteProperty(defaults, name);
  Object.assign(defaults, { adapter });
  return client;
}

/** Of headers whose names differ in case only, the last is sent. */
function normalized(headers: Readonly<Record<string, string>>): Record<string, string> {
  const everywhere = new RegExp(INVALID, 'g');
  const byName = Object.entries(headers).map(([name, value]): [string, [string, string]] => [
    name.toLowerCase(),
    [name, value.replace(everywhere, '')],
  ]);
  return Object.fromEntries(new Map(byName).values());
}
