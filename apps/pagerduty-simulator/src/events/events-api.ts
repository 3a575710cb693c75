import { type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type ReceivedEvent, type ReceivedEvents } from '../received-events';
import { type ResponseFault } from '../faults/rule';
import { type Rulebook } from '../faults/rulebook';
import { scriptedResponse, sendWithFault } from '../faults/faulty-response';
import { type SimulatedResponse } from '../http/simulated-response';
import { readBody } from '../http/body';
import { type IncidentStore, keyOf } from '../incidents/incident-store';
import { type SimulatorSettings } from '../settings';
import { type Statistics } from '../statistics';
import {
  acceptedResponse,
  invalidResponse,
  methodResponse,
  statusResponse,
  throttledResponse,
  tooLargeResponse,
  unrecognizedResponse,
} from './responses';
import { type ParsedEvent, parseEvent } from './parsed-event';
import { type EventRoute } from './routes';
import { EVENT_LIMIT_BYTES, validate } from './validation';
import { type Throttle } from './throttle';

export interface EventsApiParts {
  readonly received: ReceivedEvents;
  readonly store: IncidentStore;
  readonly rulebook: Rulebook;
  readonly throttle: Throttle;
  readonly statistics: Statistics;
  readonly settings: () => SimulatorSettings;
}

/** The Events APIs: parses events, applies faults, throttles, validates, updates alerts, answers. */
export class EventsApi {
  readonly #parts: EventsApiParts;

  constructor(parts: EventsApiParts) {
    this.#parts = parts;
  }

  async serve(request: IncomingMessage, response: ServerResponse, route: EventRoute, path: string): Promise<void> {
    const { received, rulebook, statistics } = this.#parts;
    const body = await readBody(request, EVENT_LIMIT_BYTES);
    if (body.kind === 'cut short') {
      statistics.cutShort += 1;
      return;
    }
    const bytes = body.kind === 'whole' ? body.bytes : Buffer.alloc(0);
    const receivedAt = preciseNow();
    const parsed = parseEvent(route, request.headers, bytes);
    const { routingKey, dedupKey, action } = parsed;
    const decision = rulebook.decide({ path, query: '', routingKey, dedupKey, action }, receivedAt);
    const { fault } = decision;
    const event = received.make({
      receivedAt,
      api: route.api,
      path,
      routingKey,
      dedupKey,
      action,
      bytes,
      rawHeaders: request.rawHeaders,
    });
    event.fault = decision.ruleId ?? null;

    const simulated = this.#responseTo(request, route, body.kind, parsed, fault, event);
    this.#record(event, fault);
    statistics.countEvent(event);
    if (decision.delayMs > 0) await wait(decision.delayMs, undefined, { ref: false });
    await decision.held;
    sendWithFault(fault, response, simulated);
    event.answeredAt = event.status === null ? null : preciseNow();
  }

  #responseTo(
    request: IncomingMessage,
    route: EventRoute,
    size: 'whole' | 'too large',
    parsed: ParsedEvent,
    fault: ResponseFault | undefined,
    event: ReceivedEvent,
  ): SimulatedResponse {
    const response = this.#refusal(request, route, size, parsed, fault) ?? this.#accept(route, parsed, fault, event);
    const isSilent = fault?.kind === 'reset' || fault?.kind === 'hang' || fault?.kind === 'lose-answer';
    event.status = isSilent ? null : response.status;
    return response;
  }

  /** The answer that rejects the event, or undefined if it is accepted. */
  #refusal(
    request: IncomingMessage,
    { api }: EventRoute,
    size: 'whole' | 'too large',
    parsed: ParsedEvent,
    fault: ResponseFault | undefined,
  ): SimulatedResponse | undefined {
    if (fault?.kind === 'status') return scriptedResponse(fault, statusResponse);
    if (fault?.kind === 'reset' || fault?.kind === 'hang') return statusResponse(500, {});
    if (request.method !== 'POST') return methodResponse('POST');
    if (size === 'too large') return tooLargeResponse();
    if (!this.#hasRoom(parsed.routingKey)) {
      return throttledResponse(api, this.#parts.settings().throttleRetryAfterSeconds);
    }
    const validation = validate(api, parsed);
    if (validation.kind === 'unrecognized') return unrecognizedResponse();
    return validation.kind === 'invalid' ? invalidResponse(validation.errors) : undefined;
  }

  #accept(
    route: EventRoute,
    parsed: ParsedEvent,
    fault: ResponseFault | undefined,
    event: ReceivedEvent,
  ): SimulatedResponse {
    event.accepted = true;
    const outcome =
      fault?.kind === 'swallow' || parsed.action === 'change'
        ? { change: 'none' as const, dedupKey: keyOf(parsed) }
        : this.#parts.store.handle({ ...parsed, routingKey: parsed.routingKey ?? '' });
    event.alert = outcome.change;
    event.answeredKey = outcome.dedupKey;
    return acceptedResponse(route.api, outcome.dedupKey);
  }

  #record(event: ReceivedEvent, fault: ResponseFault | undefined): void {
    const { received } = this.#parts;
    if (fault?.kind === 'swallow' && event.accepted) return;
    received.record(event);
    if (fault?.kind === 'double') received.record({ ...event });
    if (fault?.kind === 'swap') received.swapWithNext(event);
  }

  #hasRoom(routingKey: string | null): boolean {
    if (routingKey === null) return true;
    const { eventsPerMinute, eventsPerMinuteByKey } = this.#parts.settings();
    const ofKey = eventsPerMinuteByKey[routingKey];
    const limit = ofKey === undefined ? eventsPerMinute : ofKey;
    return limit === null || this.#parts.throttle.take(routingKey, limit, performance.now());
  }
}

/** Milliseconds since 1970, with microseconds as decimals. */
export function preciseNow(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000) / 1000;
}
