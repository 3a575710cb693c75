import { type Cause, CAUSES, type DurablePublisher, MODES } from '@pdaltagent/forwarding';
import { type SpoolSource } from '@pdaltagent/spool';
import { Counter, Gauge, type Registry } from 'prom-client';

/** The metrics of the spool and of publishing. */
export class ForwardingMetrics {
  readonly #begun: Counter<'cause'>;
  readonly #registers: Registry[];

  constructor(registry: Registry) {
    this.#registers = [registry];
    this.#begun = new Counter({
      name: 'pdaltagent_gateway_spool_begun_total',
      help: 'How often events of one or more lanes began to be spooled, by cause.',
      labelNames: ['cause'],
      registers: this.#registers,
    });
    for (const cause of CAUSES) this.#begun.inc({ cause }, 0);
  }

  countSpoolBegun(cause: Cause): void {
    this.#begun.inc({ cause });
  }

  /** @param spools the instance's own spool, in one or both layouts */
  watch(spools: readonly SpoolSource[], publisher: DurablePublisher): void {
    const registers = this.#registers;
    new Gauge({
      name: 'pdaltagent_gateway_spool_entries',
      help: 'Events in the spool.',
      registers,
      collect() {
        this.set(spools.reduce((sum, { entries }) => sum + entries, 0));
      },
    });
    new Gauge({
      name: 'pdaltagent_gateway_spool_bytes',
      help: 'Size of the events in the spool.',
      registers,
      collect() {
        this.set(spools.reduce((sum, { bytes }) => sum + bytes, 0));
      },
    });
    new Gauge({
      name: 'pdaltagent_gateway_spool_oldest_age_seconds',
      help: 'Age of the oldest event in the spool; 0 if it is empty.',
      registers,
      async collect() {
        this.set(await publisher.oldestAgeSeconds());
      },
    });
    new Gauge({
      name: 'pdaltagent_gateway_mode',
      help: 'Where new events go: 1 for direct if those of all lanes go directly to the broker, otherwise 1 for spool.',
      labelNames: ['mode'],
      registers,
      collect() {
        for (const mode of MODES) this.set({ mode }, mode === publisher.mode ? 1 : 0);
      },
    });
    new Gauge({
      name: 'pdaltagent_gateway_lanes',
      help: 'Lanes by where their new events go.',
      labelNames: ['mode'],
      registers,
      collect() {
        for (const mode of MODES) this.set({ mode }, publisher.lanesIn(mode));
      },
    });
  }
}
