// The index of the journal: CPU time and disk for each fact, time of searches, memory.
import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { History } from '@pdaltagent/history';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MadeUpStream } from './history/facts';
import { timeSearches } from './history/searches';

const HELP = `npm run bench -- history [options]

Puts made-up facts of events, all different, into a new index, and searches it. Exits with 1 if a figure misses its target.

  --facts N   number of facts (1000000)
  --folder F  of the index, on the disk to be measured (a temporary one); it is left there
  --help      shows this help
`;
const MICROSECONDS = 50;
const BYTES = 300;
const SEARCH_MS = 200;
const RSS_BYTES = 300e6;
/** 2026. */
const BEGIN = Date.UTC(2026, 0, 1);
const NO_LIMITS = { maximumAgeMs: 2 ** 42, maximumBytes: 2 ** 42 };

const { values } = parseArgs({
  options: {
    facts: { type: 'string', default: '1000000' },
    folder: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

async function main(): Promise<void> {
  const facts = Number(values.facts);
  if (values.help || !(facts >= 1_000)) {
    process.stderr.write(HELP);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const folder = values.folder ?? mkdtempSync(path.join(tmpdir(), 'bench-history-'));
  try {
    await measure(facts, folder);
  } finally {
    if (values.folder === undefined) rmSync(folder, { recursive: true });
  }
}

async function measure(facts: number, folder: string): Promise<void> {
  const stream = new MadeUpStream(facts, BEGIN);
  const making = await processorTimeOf(async () => {
    for await (const batch of stream.read()) void batch;
  });
  const history = new History({
    folder,
    stream,
    log: { info: () => undefined, warn: (message, fields) => console.log(message, fields) },
    clock: SYSTEM_CLOCK,
    limits: NO_LIMITS,
    follow: false,
    script: path.join(__dirname, 'history/history-worker.js'),
  });
  const began = performance.now();
  const all = await processorTimeOf(async () => {
    history.start();
    await history.caughtUp();
  });
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${facts} facts in ${seconds.toFixed(1)} s, ${Math.round(facts / seconds)} a second`);
  const perFact = ((all - making) * 1_000) / facts;
  report('CPU for a fact', `${perFact.toFixed(1)} µs`, perFact <= MICROSECONDS, `≤ ${MICROSECONDS} µs`);
  const searches = await timeSearches(history, Math.floor(facts / 2.1), BEGIN);
  for (const { what, median, worst } of searches) {
    const figure = `${median.toFixed(1)} ms, at worst ${worst.toFixed(1)} ms`;
    report(`finds by ${what}`, figure, worst <= SEARCH_MS, `≤ ${SEARCH_MS} ms`);
  }
  await history.stop();
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0) / facts;
  report('disk for a fact', `${bytes.toFixed(0)} bytes`, bytes <= BYTES, `≤ ${BYTES} bytes`);
  const rss = process.resourceUsage().maxRSS * 1_024;
  report('memory', `${(rss / 1e6).toFixed(0)} MB at most`, rss <= RSS_BYTES, `≤ ${RSS_BYTES / 1e6} MB`);
}

/** Milliseconds, of all threads. */
async function processorTimeOf(action: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Prints a figure and whether it meets its target. */
function report(what: string, figure: string, isGood: boolean, target: string): void {
  console.log(`${isGood ? 'ok  ' : 'MISS'} ${what}: ${figure} (${target})`);
  if (!isGood) process.exitCode = 1;
}

void main();
