import { type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type Arrival, type Arrivals } from '../received-events';
import { type Deed } from '../faults/rule';
import { type Rulebook } from '../faults/rulebook';
import { scriptedAnswer, sendAs } from '../faults/faulty-answer';
import { type Answer } from '../http/answer';
import { readBody } from '../http/body';
import { type Desk, keyOf } from '../incidents/incident-store';
import { type Settings } from '../settings';
import { type Statistics } from '../statistics';
import {
  acceptedAnswer,
  invalidAnswer,
  methodAnswer,
  statusAnswer,
  throttledAnswer,
  tooLargeAnswer,
  unrecognizedAnswer,
} from './answers';
import { type Reading, readEvent } from './parsed-event';
import { type EventRoute } from './routes';
import { EVENT_LIMIT_BYTES, judge } from './validation';
import { type Throttle } from './throttle';

export interface IntakeParts {
  readonly arrivals: Arrivals;
  readonly desk: Desk;
  readonly rulebook: Rulebook;
  readonly throttle: Throttle;
  readonly statistics: Statistics;
  readonly settings: () => Settings;
}

/** Takes events as the Events APIs do: reads, lets the faults speak, throttles, judges, applies, answers. */
export class Intake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  async receive(request: IncomingMessage, response: ServerResponse, route: EventRoute, path: string): Promise<void> {
    const { arrivals, rulebook, statistics } = this.#parts;
    const body = await readBody(request, EVENT_LIMIT_BYTES);
    if (body.kind === 'cut short') {
      statistics.cutShort += 1;
      return;
    }
    const bytes = body.kind === 'whole' ? body.bytes : Buffer.alloc(0);
    const receivedAt = preciseNow();
    const reading = readEvent(route, request.headers, bytes);
    const { routingKey, dedupKey, action } = reading;
    const decision = rulebook.decide({ path, query: '', routingKey, dedupKey, action }, receivedAt);
    const { deed } = decision;
    const arrival = arrivals.make({
      receivedAt,
      api: route.api,
      path,
      routingKey,
      dedupKey,
      action,
      bytes,
      rawHeaders: request.rawHeaders,
    });
    arrival.fault = decision.ruleId ?? null;

    const answer = this.#answer(request, route, body.kind, reading, deed, arrival);
    this.#record(arrival, deed);
    statistics.countEvent(arrival);
    if (decision.delayMs > 0) await wait(decision.delayMs, undefined, { ref: false });
    await decision.held;
    sendAs(deed, response, answer);
    arrival.answeredAt = arrival.status === null ? null : preciseNow();
  }

  #answer(
    request: IncomingMessage,
    route: EventRoute,
    size: 'whole' | 'too large',
    reading: Reading,
    deed: Deed | undefined,
    arrival: Arrival,
  ): Answer {
    const answer = this.#refusal(request, route, size, reading, deed) ?? this.#accept(route, reading, deed, arrival);
    const unanswered = deed?.kind === 'reset' || deed?.kind === 'hang' || deed?.kind === 'lose-answer';
    arrival.status = unanswered ? null : answer.status;
    return answer;
  }

  /** Why the event is not taken, or undefined where it is. */
  #refusal(
    request: IncomingMessage,
    { api }: EventRoute,
    size: 'whole' | 'too large',
    reading: Reading,
    deed: Deed | undefined,
  ): Answer | undefined {
    if (deed?.kind === 'status') return scriptedAnswer(deed, statusAnswer);
    if (deed?.kind === 'reset' || deed?.kind === 'hang') return statusAnswer(500, {});
    if (request.method !== 'POST') return methodAnswer('POST');
    if (size === 'too large') return tooLargeAnswer();
    if (!this.#hasRoom(reading.routingKey)) {
      return throttledAnswer(api, this.#parts.settings().throttleRetryAfterSeconds);
    }
    const judgement = judge(api, reading);
    if (judgement.kind === 'unrecognized') return unrecognizedAnswer();
    return judgement.kind === 'invalid' ? invalidAnswer(judgement.errors) : undefined;
  }

  #accept(route: EventRoute, reading: Reading, deed: Deed | undefined, arrival: Arrival): Answer {
    arrival.accepted = true;
    const outcome =
      deed?.kind === 'swallow' || reading.action === 'change'
        ? { change: 'none' as const, dedupKey: keyOf(reading) }
        : this.#parts.desk.take({ ...reading, routingKey: reading.routingKey ?? '' });
    arrival.alert = outcome.change;
    arrival.answeredKey = outcome.dedupKey;
    return acceptedAnswer(route.api, outcome.dedupKey);
  }

  #record(arrival: Arrival, deed: Deed | undefined): void {
    const { arrivals } = this.#parts;
    if (deed?.kind === 'swallow' && arrival.accepted) return;
    arrivals.record(arrival);
    if (deed?.kind === 'double') arrivals.record({ ...arrival });
    if (deed?.kind === 'swap') arrivals.swapWithNext(arrival);
  }

  #hasRoom(routingKey: string | null): boolean {
    if (routingKey === null) return true;
    const { eventsPerMinute, eventsPerMinuteByKey } = this.#parts.settings();
    const ofKey = eventsPerMinuteByKey[routingKey];
    const limit = ofKey === undefined ? eventsPerMinute : ofKey;
    return limit === null || this.#parts.throttle.take(routingKey, limit, performance.now());
  }
}

/** Milliseconds since 1970 with microseconds behind the point. */
export function preciseNow(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1000) / 1000;
}
