import { Counter, Gauge, type Registry } from 'prom-client';
import { type JournalObserver } from './journal';

/** The metrics of a process that writes the journal. */
export function meteredBy(registry: Registry): JournalObserver {
  const registers = [registry];
  const written = new Counter({
    name: 'pdaltagent_journal_facts_total',
    help: 'Facts that the journal has: RabbitMQ has confirmed them.',
    registers,
  });
  const dropped = new Counter({
    name: 'pdaltagent_journal_facts_dropped_total',
    help: 'Facts that are missing in the journal, because RabbitMQ did not take them and the memory for them was full.',
    registers,
  });
  const waiting = new Gauge({
    name: 'pdaltagent_journal_waiting_bytes',
    help: 'Bytes of facts that RabbitMQ has not confirmed yet.',
    registers,
  });
  return {
    onWritten: (facts) => written.inc(facts),
    onDropped: (facts) => dropped.inc(facts),
    onWaiting: (bytes) => waiting.set(bytes),
  };
}
