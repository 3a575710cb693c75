import { timingSafeEqual } from 'node:crypto';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type BoundedList } from '../bounded-list';
import { type Rulebook } from '../faults/rulebook';
import { scriptedResponse, sendWithFault } from '../faults/faulty-response';
import { methodResponse } from '../events/responses';
import { type SimulatedResponse, jsonResponse } from '../http/simulated-response';
import { ON_CALL } from '../incidents/account';
import { type IncidentStore } from '../incidents/incident-store';
import { type SimulatorSettings } from '../settings';
import { type Statistics } from '../statistics';
import { restNotFound, scriptedRestError, unauthorized } from './errors';
import { incidentBody } from './incident-body';
import { listLogEntries, showLogEntry } from './log-entries';
import { type RestRateLimit } from './rate-limit';
import { API_HOST, WEB_HOST } from './reference';

/** One request to the REST API, for GET /_control/requests. */
export interface RestRequest {
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** When the response was created, after delays and holds of faults. */
  readonly answeredAt: number;
  readonly path: string;
  readonly query: string;
  /** null: no response was sent. */
  readonly status: number | null;
}

export interface RestParts {
  readonly requests: BoundedList<RestRequest>;
  readonly store: IncidentStore;
  readonly rulebook: Rulebook;
  readonly rateLimit: RestRateLimit;
  readonly statistics: Statistics;
  readonly settings: () => SimulatorSettings;
  /** The only accepted token; undefined: any. */
  readonly apiToken: string | undefined;
}

const AUTHORIZATION = /^(?:Token token=|Bearer )(\S+)$/;

/** The parts of PagerDuty's REST API that a reader of log entries needs. */
export class RestApi {
  readonly #parts: RestParts;

  constructor(parts: RestParts) {
    this.#parts = parts;
  }

  static owns(pathname: string): boolean {
    return /^\/(?:log_entries|incidents|abilities|users)(?:\/|$)/.test(pathname);
  }

  async serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    request.resume();
    const receivedAt = Date.now();
    const input = { path: url.pathname, query: url.search, routingKey: null, dedupKey: null, action: null };
    const { delayMs, held, fault } = this.#parts.rulebook.decide(input, Date.now());
    if (delayMs > 0) await wait(delayMs, undefined, { ref: false });
    await held;
    const made = fault?.kind === 'status' ? scriptedResponse(fault, scriptedRestError) : this.#responseTo(request, url);
    const simulated = { ...made, headers: { date: new Date(this.#parts.store.now()).toUTCString(), ...made.headers } };
    const isSilent = fault?.kind === 'reset' || fault?.kind === 'hang' || fault?.kind === 'lose-answer';
    const status = isSilent ? null : simulated.status;
    this.#parts.statistics.countRest(status);
    this.#parts.requests.push({ receivedAt, answeredAt: Date.now(), path: url.pathname, query: url.search, status });
    sendWithFault(fault, response, simulated);
  }

  #responseTo(request: IncomingMessage, url: URL): SimulatedResponse {
    const { store, rateLimit, settings } = this.#parts;
    if (request.method !== 'GET') return methodResponse('GET');
    const token = AUTHORIZATION.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined || !this.#accepts(token)) return unauthorized();
    const { headers, refusal } = rateLimit.take(token, settings().restPerMinute, Date.now());
    if (refusal) return refusal;
    const response = route(store, url);
    return { ...response, headers: { ...response.headers, ...headers } };
  }

  #accepts(token: string): boolean {
    const { apiToken } = this.#parts;
    if (apiToken === undefined) return true;
    const given = Buffer.from(token);
    const wanted = Buffer.from(apiToken);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}

function route(store: IncidentStore, { pathname, searchParams }: URL): SimulatedResponse {
  if (pathname === '/log_entries') return listLogEntries(store, searchParams);
  if (pathname === '/abilities') return jsonResponse(200, { abilities: ['teams', 'urgencies', 'event_rules'] });
  if (pathname === '/users/me') return jsonResponse(200, { user: user() });
  const [, collection, id, rest] = pathname.split('/');
  if (id === undefined || rest !== undefined) return restNotFound();
  if (collection === 'log_entries') return showLogEntry(store, id, searchParams);
  const incident = collection === 'incidents' ? store.find(id) : undefined;
  return incident ? jsonResponse(200, { incident: incidentBody(incident) }) : restNotFound();
}

function user(): Record<string, unknown> {
  const { id, name } = ON_CALL;
  const addresses = { self: `${API_HOST}/users/${id}`, html_url: `${WEB_HOST}/users/${id}` };
  return { id, type: 'user', summary: name, name, email: 'on-call@example.com', time_zone: 'Etc/UTC', ...addresses };
}
