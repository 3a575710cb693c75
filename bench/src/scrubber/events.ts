import { createScrubber } from '@pdaltagent/scrubber';
import { createHash } from 'node:crypto';
import { processorTime } from './processor-time';
import { report } from './report';

const scrubber = createScrubber();

/** Enough events that no text is still in the cache when it is scanned again. */
const EVENTS = 6_000;

/** An event of about 600 bytes with this summary and detail; nearly all its texts depend on `n`. */
function eventOf(summary: string, detail: string, n: number): Buffer {
  return Buffer.from(
    JSON.stringify({
      routing_key: '01234567890123456789012345678901',
      event_action: 'trigger',
      dedup_key: `db-${n}.stage.example.net/disk`,
      payload: {
        summary: `${summary} (${n})`,
        source: `db-${n}.stage.example.net`,
        severity: 'critical',
        timestamp: '2024-01-01T00:00:00Z',
        component: `postgres-${n}`,
        custom_details: {
          detail: `${detail} ${n}`,
          fingerprint: hex(`f${n}`, 32),
          pod: `api-${hex(`p${n}`, 10)}-abcde`,
          free_bytes: 1_073_741_824,
        },
      },
      client: 'Alertmanager',
      client_url: `http://am.example.org/#/alerts?receiver=ops-${n}`,
      links: [{ href: `https://example.com/${n}`, text: `graph ${n}` }],
    }),
  );
}

const eventsOf = (summary: string, detail: string): readonly Buffer[] =>
  Array.from({ length: EVENTS }, (_, n) => eventOf(summary, detail, n));

/** Best of seven rounds, in microseconds per event. */
function costOf(events: readonly Buffer[]): number {
  const milliseconds = processorTime(7, () => {
    for (const event of events) scrubber.scrubBody('v2', 'application/json', event);
  });
  return (milliseconds * 1_000) / events.length;
}

export function timeEvents(): void {
  const cleanEvents = eventsOf('Disk will fill in 4 hours, 91% used', '3 of 12 checks failed');
  const dirtyEvents = eventsOf('Login failed for jane.doe@example.com', 'card 4111 1111 1111 1111, ssn 536-22-8726');
  const [clean = Buffer.alloc(0)] = cleanEvents;
  const [dirty = Buffer.alloc(0)] = dirtyEvents;
  const cleanCost = costOf(cleanEvents);
  const dirtyCost = costOf(dirtyEvents);
  const knownCost = costOf(Array.from({ length: EVENTS }, () => clean));
  report(
    `an event of ${clean.length} bytes, nothing to find`,
    `${cleanCost.toFixed(1)} µs`,
    cleanCost < 60,
    'under 60 µs',
  );
  report('the same, with texts already in the cache', `${knownCost.toFixed(1)} µs`, knownCost < 60, 'under 60 µs');
  report(
    `an event of ${dirty.length} bytes, three values found`,
    `${dirtyCost.toFixed(1)} µs`,
    dirtyCost < 120,
    'under 120 µs',
  );
  const { bytes } = scrubber.scrubBody('v2', 'application/json', clean);
  report('the same object if nothing is found', String(bytes === clean), bytes === clean, 'true');
}

/** Reproducible hexadecimal digits that look random. */
const hex = (seed: string, length: number): string => createHash('sha256').update(seed).digest('hex').slice(0, length);

/** Texts of monitoring tools without personal data. */
function factOf(n: number): string {
  const facts = [
    `db-${n % 99}.prod.example.com is DOWN, ${n} errors in the last ${n % 60} minutes`,
    `commit ${hex(`${n}`, 40)} on build ${n * 7919}`,
    `pod checkout-${hex(`${n}`, 10)}-x2v4z restarted ${n % 9} times, container ${hex(`c${n}`, 12)}`,
    `image sha256:${hex(`${n}`, 64)} not found`,
    `version ${n % 20}.${n % 37}.${n} deployed at 2026-03-01T${String(n % 24).padStart(2, '0')}:00:00Z`,
    `order ${4_000_000_000 + n * 7} delayed, epoch ${1_700_000_000 + n}`,
    `10.0.${n % 255}.${n % 251}:8080 refused, ${n * 1_048_576} bytes in queue`,
    `arn:aws:sns:eu-west-1:${100_000_000_000 + n}:alerts, trace ${hex(`t${n}`, 32)}`,
  ];
  return facts[n % facts.length] ?? '';
}

export function checkClean(): void {
  const events = Array.from({ length: 2000 }, (_, n) => eventOf(`${factOf(n)}; ${factOf(n + 3)}`, factOf(n * 13), n));
  const same = events.filter((event) => scrubber.scrubBody('v2', 'application/json', event).bytes.equals(event)).length;
  report('events without personal data that stay byte-identical', `${same} of 2000`, same === 2000, 'all');
}

export function checkDedupKeys(): void {
  const keyed = createScrubber({ secret: 'of the bench', detectors: ['all'] });
  const keys = Array.from({ length: 1000 }, (_, n) => [
    `web-${n}.prod.example.com/disk`,
    `10.0.${n >> 8}.${n & 255}:8080`,
    `PROBLEM-${12_345 + n}`,
    `login:user${n}@example.com`,
    hex(`${n}`, 32),
  ]).flat();
  const scrubbed = (key: string): string =>
    keyed.scrubBody('v2', 'application/json', Buffer.from(JSON.stringify({ dedup_key: key }))).bytes.toString();
  const different = new Set(keys.map(scrubbed)).size;
  report('dedup keys that stay different, every detector on', `${different} of 5000`, different === 5000, 'all');
}
