import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Logger } from '@pdaltagent/service';
import { ReceivedEvents } from './received-events';
import { BoundedList } from './bounded-list';
import { type Configuration } from './configuration';
import { ControlApi } from './control/control-api';
import { notFoundResponse } from './events/responses';
import { EventsApi } from './events/events-api';
import { eventRoute } from './events/routes';
import { Throttle } from './events/throttle';
import { Rulebook } from './faults/rulebook';
import { jsonResponse, sendResponse } from './http/simulated-response';
import { IncidentStore } from './incidents/incident-store';
import { type Address, Listener } from './listener';
import { RestRateLimit } from './rest/rate-limit';
import { RestApi, type RestRequest } from './rest/rest-api';
import { DEFAULT_SETTINGS, type SimulatorSettings } from './settings';
import { Statistics } from './statistics';

/** A simulated PagerDuty: Events APIs, the resulting incidents, log entries, and faults on demand. */
export class Simulator {
  readonly #log: Logger;
  readonly #listener: Listener;
  readonly #events: EventsApi;
  readonly #rest: RestApi;
  readonly #control: ControlApi;
  #settings: SimulatorSettings = DEFAULT_SETTINGS;

  constructor(configuration: Configuration, log: Logger) {
    const { host, port, apiToken, keepBodies, maximumRecords: maximum } = configuration;
    this.#log = log;
    const settings = () => this.#settings;
    const received = new ReceivedEvents({ keepBodies, maximum });
    const store = new IncidentStore({ settings, keepDetails: keepBodies, maximum });
    const rulebook = new Rulebook();
    const throttle = new Throttle();
    const rateLimit = new RestRateLimit();
    const statistics = new Statistics();
    const restRequests = new BoundedList<RestRequest>(10_000);
    this.#listener = new Listener({ host, port }, (request, response) => this.#serve(request, response));
    this.#events = new EventsApi({ received, store, rulebook, throttle, statistics, settings });
    this.#rest = new RestApi({ requests: restRequests, store, rulebook, rateLimit, statistics, settings, apiToken });
    this.#control = new ControlApi({
      received,
      store,
      rulebook,
      statistics,
      restRequests,
      settings,
      replaceSettings: (replacement) => {
        this.#settings = replacement;
      },
      reset: (what) => {
        for (const part of [received, store, restRequests]) part.clear();
        for (const part of [throttle, statistics]) part.reset();
        if (what === 'records') return;
        rulebook.clear();
        rateLimit.reset();
        this.#settings = DEFAULT_SETTINGS;
      },
      down: (how) => this.#listener.down(how),
      up: () => void this.#listener.up(),
    });
  }

  /** Listens, and resolves with the address. */
  start(): Promise<Address> {
    return this.#listener.start();
  }

  /** Closes the port and every connection. */
  stop(): Promise<void> {
    return this.#listener.stop();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.#dispatch(request, response).catch((error: unknown) => {
      this.#log.error('a request could not be served: this is a bug', { error });
      response.destroy();
    });
  }

  async #dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/';
    const path = target.split('?', 1)[0] ?? target;
    if (this.#listener.isResetting && !ControlApi.owns(path)) {
      request.socket.resetAndDestroy();
      return;
    }
    const route = eventRoute(path);
    if (route) return this.#events.serve(request, response, route, path);
    if (ControlApi.owns(path)) return this.#control.serve(request, response, urlOf(target));
    if (RestApi.owns(path)) return this.#rest.serve(request, response, urlOf(target));
    request.resume();
    sendResponse(response, path === '/healthz' ? jsonResponse(200, { status: 'up' }) : notFoundResponse());
  }
}

function urlOf(target: string): URL {
  return new URL(target, 'http://simulator');
}
