import { EVENT_TYPES, type EventType } from '@pdaltagent/events';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Admission } from './admission';
import { REFUSALS, type Refusal } from './refusal';

/** The gateway's metrics. Labels are closed lists, set to 0 at start; no key is ever a label. */
export class Instruments {
  readonly #accepted: Counter<'type'>;
  readonly #refused: Counter<'reason'>;
  readonly #duration: Histogram<'type'>;

  constructor(registry: Registry, admission: Admission) {
    const registers = [registry];
    this.#accepted = new Counter({
      name: 'pdaltagent_gateway_events_accepted_total',
      help: 'Events that are durable and were answered so, by type.',
      labelNames: ['type'],
      registers,
    });
    this.#refused = new Counter({
      name: 'pdaltagent_gateway_requests_refused_total',
      help: 'Requests that were not accepted, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.#duration = new Histogram({
      name: 'pdaltagent_gateway_accept_duration_seconds',
      help: 'From a request’s headers to its answer, accepted events only, by type.',
      labelNames: ['type'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    new Gauge({
      name: 'pdaltagent_gateway_events_in_flight',
      help: 'Events that wait to become durable, confirmed by the broker or synced to the spool.',
      registers,
      collect() {
        this.set(admission.events);
      },
    });
    for (const type of EVENT_TYPES) this.#accepted.inc({ type }, 0);
    for (const reason of REFUSALS) this.#refused.inc({ reason }, 0);
  }

  accepted(type: EventType, seconds: number): void {
    this.#accepted.inc({ type });
    this.#duration.observe({ type }, seconds);
  }

  refused(reason: Refusal): void {
    this.#refused.inc({ reason });
  }
}
