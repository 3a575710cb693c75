import { type Quarantine, QUARANTINE_PROBLEMS, type QuarantineProblem } from '@pdaltagent/spool';
import { Counter, Gauge, type Registry } from 'prom-client';

/** The metrics of the quarantine. */
export class QuarantineMetrics {
  readonly #registers: Registry[];
  readonly #quarantined: Counter<'problem'>;

  constructor(registry: Registry) {
    this.#registers = [registry];
    this.#quarantined = new Counter({
      name: 'pdaltagent_gateway_quarantined_total',
      help: 'Events that cannot be published and were quarantined, by problem.',
      labelNames: ['problem'],
      registers: this.#registers,
    });
    for (const problem of QUARANTINE_PROBLEMS) this.#quarantined.inc({ problem }, 0);
  }

  countQuarantined(problem: QuarantineProblem): void {
    this.#quarantined.inc({ problem });
  }

  /** Counted at each scrape, because operators remove entries too. */
  watch(quarantine: Quarantine): void {
    new Gauge({
      name: 'pdaltagent_gateway_quarantine_entries',
      help: 'Events in the quarantine, which all gateways of a spool folder share.',
      registers: this.#registers,
      async collect() {
        // A folder that cannot be read must not make the other metrics unavailable.
        this.set(await quarantine.count().catch(() => quarantine.entries));
      },
    });
  }
}
