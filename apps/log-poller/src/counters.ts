import { type PageFailure } from '@pdaltagent/rest-api';
import { type LogEntry } from '@pdaltagent/webhooks';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type Clocks } from './clocks';

const FAILURE_KINDS = ['refused', 'throttled', 'failed'] as const satisfies readonly PageFailure['kind'][];

/** The poller's metrics. */
export class Counters {
  readonly #deadLettered: Counter;
  readonly #read: Counter;
  readonly #dropped: Counter;
  readonly #published: Counter;
  readonly #pageFailures: Counter<'kind'>;
  readonly #delay: Gauge;
  readonly #clocks: Pick<Clocks, 'now' | 'monotonic'>;
  /** The lag at `at` on the monotonic clock. */
  #lag: { readonly ms: number; readonly at: number } | null = null;
  /** Since when it is unknown which process polls, on the monotonic clock. */
  #unknownSince: number | null = null;

  constructor(registry: Registry, clocks: Pick<Clocks, 'now' | 'monotonic'>) {
    this.#clocks = clocks;
    const registers = [registry];
    const lagMs = () => this.lagMs();
    new Gauge({
      name: 'pdaltagent_poller_lag_seconds',
      help: 'How far queued log entries are behind the present; grows while nothing can be read; 0 while another process polls',
      registers,
      collect: function (this: Gauge) {
        this.set(lagMs() / 1000);
      },
    });
    this.#deadLettered = new Counter({
      name: 'pdaltagent_poller_entries_set_aside_total',
      help: 'Log entries that could not be converted to webhooks and became dead letters',
      registers,
    });
    this.#read = new Counter({ name: 'pdaltagent_poller_entries_read_total', help: 'Log entries read', registers });
    this.#dropped = new Counter({
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
    this.#pageFailures = new Counter({
      name: 'pdaltagent_poller_page_troubles_total',
      help: 'Pages of log entries that could not be read, by kind of failure',
      labelNames: ['kind'],
      registers,
    });
    for (const kind of FAILURE_KINDS) this.#pageFailures.inc({ kind }, 0);
  }

  /** How far publishing is behind PagerDuty's clock, milliseconds; null: another process polls. */
  setLag(ms: number | null): void {
    this.#unknownSince = null;
    this.#lag = ms === null ? null : { ms: Math.max(0, ms), at: this.#clocks.monotonic() };
  }

  /** The log is published up to this time of PagerDuty's clock; ignored if the lag is already known. */
  initializeLag(time: number): void {
    if (this.#lag === null) this.setLag(this.#clocks.now() - time);
  }

  /** It is unknown which process polls: the lag grows from now on, unless it already does. */
  pollerUnknown(): void {
    this.#unknownSince ??= this.#clocks.monotonic();
  }

  lagMs(): number {
    const now = this.#clocks.monotonic();
    if (this.#lag !== null) return this.#lag.ms + now - this.#lag.at;
    return this.#unknownSince === null ? 0 : now - this.#unknownSince;
  }

  countDeadLettered(): void {
    this.#deadLettered.inc();
  }

  countRead(all: number, dropped: number): void {
    this.#read.inc(all);
    this.#dropped.inc(dropped);
  }

  countPublished({ createdAt }: LogEntry): void {
    this.#published.inc();
    if (createdAt !== null) this.#delay.set((this.#clocks.now() - createdAt) / 1000);
  }

  countPageFailure({ kind }: PageFailure): void {
    this.#pageFailures.inc({ kind });
  }
}
