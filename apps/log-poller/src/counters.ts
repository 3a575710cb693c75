import { type Trouble } from '@pdaltagent/rest-api';
import { type LogEntry } from '@pdaltagent/webhooks';
import { Counter, Gauge, type Registry } from 'prom-client';

const TROUBLES = ['refused', 'throttled', 'failed'] as const satisfies readonly Trouble['kind'][];

/** What the poller counts, for /metrics. */
export class Counters {
  readonly #lag: Gauge;
  readonly #read: Counter;
  readonly #known: Counter;
  readonly #published: Counter;
  readonly #troubles: Counter<'kind'>;
  readonly #delay: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#lag = new Gauge({
      name: 'pdaltagent_poller_lag_seconds',
      help: 'How much of the log lies between what is published and now',
      registers,
    });
    this.#read = new Counter({ name: 'pdaltagent_poller_entries_read_total', help: 'Log entries read', registers });
    this.#known = new Counter({
      name: 'pdaltagent_poller_entries_dropped_total',
      help: 'Log entries read that were seen before or belong to other services',
      registers,
    });
    this.#published = new Counter({
      name: 'pdaltagent_poller_entries_published_total',
      help: 'Log entries whose webhooks the broker confirmed',
      registers,
    });
    this.#delay = new Gauge({
      name: 'pdaltagent_poller_entry_age_seconds',
      help: 'Age of the latest published log entry when it was published',
      registers,
    });
    this.#troubles = new Counter({
      name: 'pdaltagent_poller_page_troubles_total',
      help: 'Pages of log entries that PagerDuty did not give, by kind',
      labelNames: ['kind'],
      registers,
    });
    for (const kind of TROUBLES) this.#troubles.inc({ kind }, 0);
  }

  lag(milliseconds: number): void {
    this.#lag.set(milliseconds / 1000);
  }

  read(all: number, dropped: number): void {
    this.#read.inc(all);
    this.#known.inc(dropped);
  }

  published({ createdAt }: LogEntry): void {
    this.#published.inc();
    if (createdAt !== null) this.#delay.set((Date.now() - createdAt) / 1000);
  }

  trouble({ kind }: Trouble): void {
    this.#troubles.inc({ kind });
  }
}
