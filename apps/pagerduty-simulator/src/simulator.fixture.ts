import { createLogger } from '@pdaltagent/service';
import { type Configuration } from './configuration';
import { isObject, type JsonObject } from './events/json';
import { Simulator } from './simulator';

export const KEY = '0123456789abcdef0123456789abcdef';
export const OTHER_KEY = 'R028DIE06SNKNO6V5ACSLRV7Y0TUVG7T';
export const TOKEN = { authorization: 'Token token=y_NbAkKc66ryYTWUXYEu' };

export interface JsonResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

/** A running simulator on a free port, with shortcuts for tests. */
export interface Running {
  readonly url: string;
  get(path: string, headers?: Record<string, string>): Promise<JsonResponse>;
  send(method: string, path: string, value?: unknown): Promise<JsonResponse>;
  post(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<JsonResponse>;
  /** Sends a v2 event; members of `more` replace or add to it. */
  event(action: string, dedupKey?: string, more?: Record<string, unknown>): Promise<JsonResponse>;
  /** Received events, by default without headers. */
  arrivals(query?: string): Promise<JsonObject[]>;
  fault(rule: Record<string, unknown>): Promise<void>;
}

const running: Simulator[] = [];

export async function startSimulator(configuration: Partial<Configuration> = {}): Promise<Running> {
  const defaults = { host: '127.0.0.1', port: 0, apiToken: undefined, keepBodies: true, maximumRecords: 100_000 };
  const log = createLogger({ service: 'simulator', level: 'error' });
  const simulator = new Simulator({ ...defaults, ...configuration }, log);
  running.push(simulator);
  const { port } = await simulator.start();
  const url = `http://127.0.0.1:${port}`;
  const call = async (path: string, init: RequestInit): Promise<JsonResponse> => {
    const response = await fetch(url + path, init);
    const value: unknown = await response.json();
    return { status: response.status, headers: response.headers, body: isObject(value) ? value : {} };
  };
  const send = (method: string, path: string, value?: unknown) =>
    call(path, value === undefined ? { method } : { method, body: JSON.stringify(value) });
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    call(path, { method: 'POST', body: new Uint8Array(Buffer.from(body)), headers });
  return {
    url,
    get: (path, headers = {}) => call(path, { headers }),
    send,
    post,
    event: (action, dedupKey, more = {}) => post('/v2/enqueue', JSON.stringify(v2(action, dedupKey, more))),
    arrivals: async (query = '') => {
      const { body } = await call(`/_control/events?headers=false&${query}`, {});
      return objects(body.events);
    },
    fault: async (rule) => expect((await send('POST', '/_control/faults', rule)).status).toBe(201),
  };
}

export async function stopSimulators(): Promise<void> {
  await Promise.all(running.splice(0).map((simulator) => simulator.stop()));
}

export function v2(action: string, dedupKey: string | undefined, more: Record<string, unknown> = {}) {
  const payload = { summary: 'Disk is full', source: 'db1', severity: 'error' };
  return {
    routing_key: KEY,
    event_action: action,
    ...(dedupKey === undefined ? {} : { dedup_key: dedupKey }),
    ...(action === 'trigger' ? { payload } : {}),
    ...more,
  };
}

/** The objects of an array; empty if it is not an array. */
export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Polls until the condition holds; rejects after five seconds. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the condition was not met within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
