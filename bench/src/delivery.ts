// Throughput and CPU cost of delivery, memory over time, and the effect of a throttled key on other keys.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { measureIsolation, measureNoisyKeys } from './delivery/isolation';
import { measureMemory } from './delivery/memory';
import { measureSpeed } from './delivery/speed';

const RESULTS = 'bench/results/delivery.json';
const HELP = `npm run bench -- delivery [part …] [options]

Parts (default: all):
  speed      deliveries per second, compared to bare consumers (axios, node:http)
  memory     memory and throughput of the worker over 1,000,000 events
  large      the same with events of 500 KB
  isolation  latency of other keys during a backlog of 100,000 events of one throttled key
  noisy      the same with ten noisy keys of one lane, 5,000 events each: slow, hanging, throttled

  --events N   events per run of speed (20,000), of memory (1,000,000), of large (4,000), backlog of each noisy key
               of isolation (100,000), of noisy (5,000)
  --help       shows this help
`;

const PARTS = {
  speed: (events = 20_000) => measureSpeed(events),
  memory: (events = 1_000_000) => measureMemory({ events, bytes: 600, latencyMs: 20 }),
  large: (events = 4_000) => measureMemory({ events, bytes: 500_000, latencyMs: 100 }),
  isolation: (events = 100_000) => measureIsolation(events),
  noisy: (events = 5_000) => measureNoisyKeys(events),
};

const parts = z.record(z.string(), z.unknown());

const isPart = (name: string): name is keyof typeof PARTS => Object.hasOwn(PARTS, name);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { events: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !isPart(name));
  const events = values.events === undefined ? undefined : Number(values.events);
  if (values.help || unknown.length > 0 || (events !== undefined && !(events >= 1_000))) {
    const problem = unknown.length > 0 ? `unknown part "${unknown.join(' ')}"\n` : '';
    process.stderr.write(`${problem}${HELP}`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const chosen = positionals.length === 0 ? Object.keys(PARTS) : positionals;
  for (const part of chosen.filter(isPart)) {
    const result = await PARTS[part](events);
    console.log(`\n${part}: ${cpus().length} cores, ${result.conditions}`);
    console.table(result.rows);
    saveResult(part, result);
  }
}

/** Parts that did not run keep their previous results. */
function saveResult(part: string, result: object): void {
  mkdirSync('bench/results', { recursive: true });
  const previous: Record<string, unknown> = readPrevious();
  const latest = { ...previous, [part]: { cores: cpus().length, ...result } };
  writeFileSync(RESULTS, `${JSON.stringify(latest, null, 2)}\n`);
}

function readPrevious(): Record<string, unknown> {
  try {
    return Object.fromEntries(
      Object.entries(parts.parse(JSON.parse(readFileSync(RESULTS, 'utf8')))).filter(([part]) => isPart(part)),
    );
  } catch {
    return {};
  }
}

void main();
