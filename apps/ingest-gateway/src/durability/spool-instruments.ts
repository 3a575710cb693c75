import { type Spool } from '@pdaltagent/spool';
import { Counter, Gauge, type Registry } from 'prom-client';
import { type DurableSink } from './durable-sink';
import { CAUSES, type Cause, type Mode } from './passage-ports';

const MODES: readonly Mode[] = ['direct', 'spool'];

/** The spool's metrics, and which way events go. */
export class SpoolInstruments {
  readonly #changes: Counter<'cause'>;
  readonly #registers: Registry[];

  constructor(registry: Registry) {
    this.#registers = [registry];
    this.#changes = new Counter({
      name: 'pdaltagent_gateway_spool_begun_total',
      help: 'How often events began to go to the spool, by cause.',
      labelNames: ['cause'],
      registers: this.#registers,
    });
    for (const cause of CAUSES) this.#changes.inc({ cause }, 0);
  }

  changed(_mode: Mode, cause: Cause | undefined): void {
    if (cause !== undefined) this.#changes.inc({ cause });
  }

  watch(spool: Spool, sink: DurableSink): void {
    const registers = this.#registers;
    new Gauge({
      name: 'pdaltagent_gateway_spool_entries',
      help: 'Events in the spool.',
      registers,
      collect() {
        this.set(spool.entries);
      },
    });
    new Gauge({
      name: 'pdaltagent_gateway_spool_bytes',
      help: 'Size of the events in the spool.',
      registers,
      collect() {
        this.set(spool.bytes);
      },
    });
    new Gauge({
      name: 'pdaltagent_gateway_spool_oldest_age_seconds',
      help: 'Age of the oldest event in the spool; 0 where it is empty.',
      registers,
      async collect() {
        this.set(await sink.oldestAgeSeconds());
      },
    });
    new Gauge({
      name: 'pdaltagent_gateway_mode',
      help: 'Which way new events go: 1 for the one they do.',
      labelNames: ['mode'],
      registers,
      collect() {
        for (const mode of MODES) this.set({ mode }, mode === sink.mode ? 1 : 0);
      },
    });
  }
}
