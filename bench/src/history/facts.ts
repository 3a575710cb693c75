import {
  type Fact,
  type FactBatch,
  type FactSource,
  type FactStream,
  type MessageReference,
} from '@pdaltagent/journal';
import { createHash } from 'node:crypto';

/** Facts of a batch: what 1,000 events a second make in half a second. */
const PER_BATCH = 500;
const EVENTS_PER_MS = 1;
const KEYS = 2_000;
const HOSTS = 20_000;
const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const;
const CHECKS = ['disk', 'load', 'memory', 'http', 'certificate', 'replication', 'queue', 'backup', 'latency', 'ntp'];
const PLACES = ['fra', 'ams', 'nyc', 'sfo', 'sin', 'syd', 'lon', 'tyo'];
const ROLES = ['db', 'web', 'mail', 'cache', 'search', 'proxy', 'batch', 'billing', 'login', 'media'];

const GATEWAY = processOf('ingest-gateway', 1);
const WORKER = processOf('delivery-worker', 2);

function processOf(service: string, number: number): FactSource {
  return { service, host: `relay-${number}`, instance: `00000000-0000-4000-8000-00000000000${number}` };
}

/** A stream of made-up facts of events, all different: two for each event that is delivered at once, three for each tenth. */
export class MadeUpStream implements FactStream {
  readonly #facts: number;
  readonly #begin: number;

  constructor(facts: number, begin: number) {
    this.#facts = facts;
    this.#begin = begin;
  }

  async *read(): AsyncGenerator<FactBatch, void, void> {
    const counters = new Map<FactSource, number>();
    let offset = 0;
    const batchOf = (source: FactSource, facts: readonly Fact[]): FactBatch => {
      const sequence = counters.get(source) ?? 0;
      counters.set(source, sequence + 1);
      offset += 1;
      return { offset, source, sequence, facts };
    };
    let written = 0;
    for (let event = 0; written < this.#facts;) {
      // A stream is read asynchronously.
      await Promise.resolve();
      const events = Array.from({ length: PER_BATCH }, () => eventOf(event, this.#begin + event++ / EVENTS_PER_MS));
      yield batchOf(GATEWAY, events.map(acceptedOf));
      const ends = events.flatMap(endsOf);
      yield batchOf(WORKER, ends);
      written += events.length + ends.length;
    }
  }
}

interface MadeUpEvent {
  readonly number: number;
  readonly reference: MessageReference;
}

export const hostOf = (number: number): string => {
  const host = mixed(number) % HOSTS;
  return `${ROLES[host % ROLES.length]}-${host}.${PLACES[host % PLACES.length]}.example.net`;
};

export const keyOf = (number: number): string => `…${(mixed(number) % KEYS).toString(16).padStart(4, '0')}`;

function eventOf(number: number, at: number): MadeUpEvent {
  const accepted = Math.floor(at);
  const key = keyOf(number);
  const alert = `${hostOf(number)}/${CHECKS[number % CHECKS.length]}/${mixed(number).toString(36)}`;
  const digest = `d1935fa2b7c04e5f8a6e90d1${key.slice(1).padStart(8, '0')}`;
  return {
    number,
    reference: {
      group: 'events',
      id: idOf(number, accepted),
      type: 'v2',
      action: 'trigger',
      key,
      digest,
      alert,
      accepted,
    },
  };
}

export function idOf(number: number, at: number): string {
  const time = at.toString(16).padStart(12, '0');
  const random = createHash('md5').update(String(number)).digest('hex');
  const parts = [
    time.slice(0, 8),
    time.slice(8),
    `7${random.slice(0, 3)}`,
    `8${random.slice(3, 6)}`,
    random.slice(6, 18),
  ];
  return parts.join('-');
}

function acceptedOf({ number, reference }: MadeUpEvent): Fact {
  const host = hostOf(number);
  const check = CHECKS[number % CHECKS.length] ?? '';
  const value = mixed(number) % 1_000;
  return {
    kind: 'accepted',
    at: reference.accepted,
    bytes: 400 + value,
    severity: SEVERITIES[number % SEVERITIES.length] ?? 'info',
    source: host,
    summary: `${check} of ${host} is at ${value} for ${value % 60} minutes, request ${mixed(number + 7).toString(36)}`,
    ...reference,
  };
}

function endsOf({ number, reference }: MadeUpEvent): Fact[] {
  const attempt = number % 10 === 0 ? 2 : 1;
  const ms = 30 + (mixed(number) % 90);
  const failed: Fact = {
    kind: 'attempted',
    at: reference.accepted + ms,
    attempt: 1,
    outcome: 'throttled',
    status: 429,
    answer: 'Requests for this key are arriving too quickly',
    ms,
    ...reference,
  };
  const delivered: Fact = {
    kind: 'delivered',
    at: reference.accepted + 2 * ms,
    attempt,
    status: 202,
    ms,
    ...reference,
  };
  return attempt === 1 ? [delivered] : [failed, delivered];
}

/** A number that looks like chance, and is always the same. */
function mixed(number: number): number {
  let mixing = Math.imul(number + 1, 0x9e3779b1);
  mixing = Math.imul(mixing ^ (mixing >>> 15), 0x85ebca6b);
  return (mixing ^ (mixing >>> 13)) >>> 0;
}
