import { type Trouble } from '@pdaltagent/rest-api';
import { type LogEntry } from '@pdaltagent/webhooks';
import { Counter, Gauge, type Registry } from 'prom-client';

const TROUBLES = ['refused', 'throttled', 'failed'] as const satisfies readonly Trouble['kind'][];

/** What the poller counts, for /metrics. */
export class Counters {
  readonly #setAside: Counter;
  readonly #read: Counter;
  readonly #known: Counter;
  readonly #published: Counter;
  readonly #troubles: Counter<'kind'>;
  readonly #delay: Gauge;
  #reached: number | null = null;

  constructor(registry: Registry) {
    const registers = [registry];
    const lagMs = () => this.lagMs();
    new Gauge({
      name: 'pdaltagent_poller_lag_seconds',
      help: 'How far what is published lies behind now; it grows while nothing can be read; 0 in a process that stands by',
      registers,
      collect: function (this: Gauge) {
        this.set(lagMs() / 1000);
      },
    });
    this.#setAside = new Counter({
      name: 'pdaltagent_poller_entries_set_aside_total',
      help: 'Log entries that cannot become a webhook: dead letters',
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

  /** Up to which time the log is published; null: this process stands by. */
  reached(time: number | null): void {
    this.#reached = time;
  }

  /** The same, where nothing is known yet. */
  reachedFirst(time: number): void {
    this.#reached ??= time;
  }

  lagMs(): number {
    return this.#reached === null ? 0 : Math.max(0, Date.now() - this.#reached);
  }

  setAside(): void {
    this.#setAside.inc();
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
