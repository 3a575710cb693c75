// Delay from a log entry to its webhook, and CPU cost of a stream of log entries.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureAppearance } from './webhooks/appearance';
import { measureThroughput } from './webhooks/throughput';

const RESULTS = 'bench/results/webhooks.json';
const HELP = `npm run bench -- webhooks [part …] [options]

Parts (default: all):
  appearance  delay from a log entry's appearance to its webhook at an idle receiver
  throughput  CPU time of one poller and one sender under a stream of entries

  --entries N     entries of appearance (400)
  --per-minute N  entries a minute of throughput (2000)
  --help          shows this help
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      entries: { type: 'string', default: '400' },
      'per-minute': { type: 'string', default: '2000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
  const entries = Number(values.entries);
  const perMinute = Number(values['per-minute']);
  const parts = {
    appearance: () => measureAppearance(entries),
    throughput: () => measureThroughput(perMinute),
  };
  const isPart = (name: string): name is keyof typeof parts => Object.hasOwn(parts, name);
  const unknown = positionals.filter((name) => !isPart(name));
  if (values.help || unknown.length > 0 || !(entries >= 10) || !(perMinute >= 60)) {
    process.stderr.write(`${unknown.length > 0 ? `unknown part "${unknown.join(' ')}"\n` : ''}${HELP}`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const results: Record<string, unknown> = { cores: cpus().length };
  for (const part of (positionals.length === 0 ? Object.keys(parts) : positionals).filter(isPart)) {
    const result = await parts[part]();
    console.log(`\n${part}: ${cpus().length} cores, ${result.conditions}`);
    console.table(result.rows);
    results[part] = result;
  }
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
}

void main();
