import { EVENT_TYPES, type EventType } from '@pdaltagent/events';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Admission } from './admission';
import { REFUSAL_REASONS, type RefusalReason } from './refusal';

/** The gateway's metrics. Label values are closed lists, initialized with 0; keys are never labels. */
export class Metrics {
  readonly #refused: Counter<'reason'>;
  readonly #byToken: Counter<'token' | 'outcome'>;
  /** Looked up once, because that takes longer than counting. */
  readonly #byType: ReadonlyMap<
    EventType,
    { readonly accepted: Counter.Internal; readonly duration: Histogram.Internal<'type'> }
  >;

  /** @param tokenNames the names of the tokens that are currently valid */
  constructor(registry: Registry, admission: Admission, tokenNames: () => readonly string[]) {
    const registers = [registry];
    const accepted = new Counter({
      name: 'pdaltagent_gateway_events_accepted_total',
      help: 'Events that were stored durably and accepted, by type.',
      labelNames: ['type'],
      registers,
    });
    this.#refused = new Counter({
      name: 'pdaltagent_gateway_requests_refused_total',
      help: 'Requests that were not accepted, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.#byToken = new Counter({
      name: 'pdaltagent_gateway_requests_by_token_total',
      help: 'Requests with a valid token, by the name of the token and by whether the event was accepted.',
      labelNames: ['token', 'outcome'],
      registers,
      collect() {
        for (const token of tokenNames())
          for (const outcome of ['accepted', 'refused'] as const) this.inc({ token, outcome }, 0);
      },
    });
    const duration = new Histogram({
      name: 'pdaltagent_gateway_accept_duration_seconds',
      help: 'Time from a request’s headers to its response, accepted events only, by type.',
      labelNames: ['type'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    new Gauge({
      name: 'pdaltagent_gateway_events_in_flight',
      help: 'Events waiting to become durable: confirmed by the broker or synced to the spool.',
      registers,
      collect() {
        this.set(admission.events);
      },
    });
    this.#byType = new Map(
      EVENT_TYPES.map((type) => [type, { accepted: accepted.labels({ type }), duration: duration.labels({ type }) }]),
    );
    for (const { accepted: counter } of this.#byType.values()) counter.inc(0);
    for (const reason of REFUSAL_REASONS) this.#refused.inc({ reason }, 0);
  }

  countAccepted(type: EventType, seconds: number): void {
    const metrics = this.#byType.get(type);
    metrics?.accepted.inc();
    metrics?.duration.observe(seconds);
  }

  /** @param token its name */
  countToken(token: string, outcome: 'accepted' | 'refused'): void {
    this.#byToken.inc({ token, outcome });
  }

  countRefused(reason: RefusalReason): void {
    this.#refused.inc({ reason });
  }
}
