// Measures the scrubber: what it finds in labelled texts, what an event costs, and how long the worst half megabyte takes.
// Usage: scrubber [corpus.jsonl]; without a corpus the small one of libs/scrubber is taken.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createScrubber, type Finding } from '@pdaltagent/scrubber';

interface Span {
  readonly start: number;
  readonly end: number;
  readonly type: string;
}
interface Row {
  readonly id: string;
  readonly kind: string;
  readonly text: string;
  readonly key?: string;
  readonly spans: readonly Span[];
}
interface Tally {
  labels: number;
  hits: number;
  predictions: number;
  right: number;
}

/** Types of the corpus by the kinds that the scrubber writes. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['PHONE', 'PHONE_NUMBER'],
  ['PHONE_WITH_EXT', 'PHONE_NUMBER'],
  ['SSN_NUMBER', 'US_SSN'],
  ['BTC_ADDRESS', 'CRYPTO_ADDRESS'],
]);
/** Labelled types that the core leaves alone on purpose: finding or keeping them counts neither way. */
const OPTIONAL_TYPES = ['IP_ADDRESS', 'MAC_ADDRESS', 'ZIP_CODE', 'PERSON'];

const scrubber = createScrubber();
const typeOf = ({ kind }: Finding): string => TYPES.get(kind) ?? kind;
const isAlphanumeric = (character: string): boolean => /[\p{L}\p{N}]/u.test(character);

/** Shared part of two spans by the part that either covers: at least a half counts as the same. */
function isSame(a: { start: number; end: number }, b: { start: number; end: number }): boolean {
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return shared > 0 && shared / (Math.max(a.end, b.end) - Math.min(a.start, b.start)) >= 0.5;
}

function scoreCorpus(rows: readonly Row[]): void {
  const tallies = new Map<string, Tally>();
  const tallyOf = (type: string): Tally => {
    const tally = tallies.get(type) ?? { labels: 0, hits: 0, predictions: 0, right: 0 };
    tallies.set(type, tally);
    return tally;
  };
  let visible = 0;
  let labelled = 0;
  let damaged = 0;
  for (const row of rows) {
    const findings = scrubber.explain(row.text, row.key);
    const labels = row.spans.filter(({ type }) => !OPTIONAL_TYPES.includes(type));
    for (const label of labels) {
      const tally = tallyOf(label.type);
      tally.labels += 1;
      if (findings.some((finding) => typeOf(finding) === label.type && isSame(finding, label))) tally.hits += 1;
      for (let index = label.start; index < label.end; index += 1) {
        if (!isAlphanumeric(row.text[index] ?? '')) continue;
        labelled += 1;
        if (!findings.some(({ start, end }) => index >= start && index < end)) visible += 1;
      }
    }
    for (const finding of findings) {
      const tally = tallyOf(typeOf(finding));
      tally.predictions += 1;
      if (labels.some((label) => label.type === typeOf(finding) && isSame(finding, label))) tally.right += 1;
    }
    if (row.kind === 'neg' && findings.length > 0) damaged += 1;
  }
  const sum = (field: keyof Tally): number => [...tallies.values()].reduce((total, tally) => total + tally[field], 0);
  const negatives = rows.filter(({ kind }) => kind === 'neg').length;
  console.log(`${rows.length} texts, ${sum('labels')} labels, ${negatives} hard negatives`);
  console.log(`  precision ${ratio(sum('right'), sum('predictions'))}  recall ${ratio(sum('hits'), sum('labels'))}`);
  console.log(`  leak ${ratio(visible, labelled)}  damage ${ratio(damaged, negatives)} (${damaged}/${negatives})`);
  for (const [type, tally] of [...tallies].sort()) {
    console.log(
      `  ${type.padEnd(16)} recall ${ratio(tally.hits, tally.labels)}  precision ${ratio(tally.right, tally.predictions)}  (${tally.labels})`,
    );
  }
}

const ratio = (part: number, whole: number): string => (whole === 0 ? '  -  ' : (part / whole).toFixed(3));

/** An event of about 600 bytes with this summary and this detail. */
function eventOf(summary: string, detail: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      routing_key: '01234567890123456789012345678901',
      event_action: 'trigger',
      dedup_key: 'db-07.stage.example.net/disk',
      payload: {
        summary,
        source: 'db-07.stage.example.net',
        severity: 'critical',
        timestamp: '2024-01-01T00:00:00Z',
        component: 'postgres',
        custom_details: {
          detail,
          fingerprint: '161f20c1c23e14055456c1f0c6bc5506',
          pod: 'api-7c9d8b6f5-abcde',
          free_bytes: 1_073_741_824,
        },
      },
      client: 'Alertmanager',
      client_url: 'http://am.example.org/#/alerts?receiver=ops',
      links: [{ href: 'https://example.com/', text: 'graph' }],
    }),
  );
}

/** Best of seven rounds, in microseconds. */
function costOf(event: Buffer): number {
  let best = Infinity;
  for (let round = 0; round < 7; round += 1) {
    const start = process.hrtime.bigint();
    for (let count = 0; count < 3000; count += 1) scrubber.scrubBody('v2', 'application/json', event);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 3000 / 1000);
  }
  return best;
}

function timeEvents(): void {
  const clean = eventOf('Disk will fill in 4 hours on db-07.stage.example.net, 91% used', '3 of 12 checks failed');
  const dirty = eventOf('Login failed for jane.doe@example.com', 'card 4111 1111 1111 1111, ssn 536-22-8726');
  console.log(`an event of ${clean.length} bytes with nothing to find: ${costOf(clean).toFixed(1)} µs (target 60)`);
  console.log(`an event of ${dirty.length} bytes with three findings: ${costOf(dirty).toFixed(1)} µs (target 120)`);
}

/** Texts of half a megabyte that make a detector work hardest, each with the detectors of one family. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['email', 'a.a.a.'],
  ['email', '@'],
  ['email', 'a@a.co '],
  ['email', 'a [at] b'],
  ['phone', '1'],
  ['phone', '('],
  ['phone', '+44 20 7946 '],
  ['phone', 'tel 0161 496 0123 '],
  ['card', '4111 1111 1111 1112 '],
  ['iban', 'GB29NWBK60161331926818 '],
  ['ssn', '523-45-678 '],
  ['national-id', '943 476 5918 '],
  ['street-address', '12 Main St, '],
  ['street-address', '1 '],
  ['po-box', 'po box '],
  ['crypto', '1BoatSLRHtKNngkdXEeobR76b53LETtpyX '],
  ['crypto', '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed '],
  ['secret', 'password='],
  ['secret', 'token: '],
  ['secret', 'a'],
  ['secret', 'eyJaaaaaaaa.eyJ'],
  ['secret', '-----BEGIN PRIVATE KEY-----'],
  ['ipv6', 'a:'],
  ['link', 'a.'],
  ['core', ' '],
  ['core', 'an ordinary line of a log with 12 words in it. '],
];

/** Processor time of this process in milliseconds: what else the machine does is left out. */
function processorTime(action: () => unknown): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function timeHostile(): void {
  for (const [family, piece] of HOSTILE) {
    const text = piece.repeat(Math.ceil((512 * 1024) / piece.length));
    const some = createScrubber({ detectors: [family] });
    let milliseconds = Infinity;
    for (let round = 0; round < 3; round += 1)
      milliseconds = Math.min(
        milliseconds,
        processorTime(() => some.scrubText(text)),
      );
    console.log(`  512 KB of ${JSON.stringify(piece)} (${family}): ${milliseconds.toFixed(0)} ms (target 100)`);
  }
}

const corpus = process.argv[2] ?? path.resolve('libs/scrubber/fixtures/corpus.jsonl');
const rows = readFileSync(corpus, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row);
scoreCorpus(rows);
timeEvents();
timeHostile();
