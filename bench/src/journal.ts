// What the journal costs: events accepted and delivered with it and without it, in pairs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { measureAcceptance } from './journal/accept';
import { measureDelivery } from './journal/deliver';

const RESULTS = 'bench/results/journal.json';
const HELP = `npm run bench -- journal [part …] [options]

Parts (default: all):
  accept   accepted events per second and CPU time per event of a gateway with and without the journal
  deliver  the same of a delivery worker, whose destination answers at once

  --rounds N   rounds, each with one run with and one without (7)
  --seconds N  length of a run of accept (5)
  --events N   events of a run of deliver (40,000)
  --help       shows this help
`;

interface Settings {
  readonly rounds: number;
  readonly seconds: number;
  readonly events: number;
}

const PARTS = {
  accept: ({ rounds, seconds }: Settings) => measureAcceptance(rounds, seconds),
  deliver: ({ rounds, events }: Settings) => measureDelivery(rounds, events),
};

const isPart = (name: string): name is keyof typeof PARTS => Object.hasOwn(PARTS, name);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '5' },
      events: { type: 'string', default: '40000' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !isPart(name));
  const settings = { rounds: Number(values.rounds), seconds: Number(values.seconds), events: Number(values.events) };
  const isValid = settings.rounds >= 1 && settings.seconds >= 1 && settings.events >= 1_000;
  if (values.help || unknown.length > 0 || !isValid) {
    const problem = unknown.length > 0 ? `unknown part "${unknown.join(' ')}"\n` : '';
    process.stderr.write(`${problem}${HELP}`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const chosen = positionals.length === 0 ? Object.keys(PARTS) : positionals;
  for (const part of chosen.filter(isPart)) {
    const result = await PARTS[part](settings);
    console.log(`\n${part}: ${cpus().length} cores, ${result.conditions}`);
    console.table(result.rows);
    saveResult(part, result);
  }
}

/** Parts that did not run keep their previous results. */
function saveResult(part: string, result: object): void {
  mkdirSync('bench/results', { recursive: true });
  const latest = { ...readPrevious(), [part]: { cores: cpus().length, ...result } };
  writeFileSync(RESULTS, `${JSON.stringify(latest, null, 2)}\n`);
}

function readPrevious(): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(RESULTS, 'utf8')));
  } catch {
    return {};
  }
}

void main();
