// Throughput and CPU cost of accepting events, peak memory, and how fast the spool fills and drains.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { measureMemory } from './ingest/memory';
import { measureSpeed } from './ingest/speed';
import { measureSpool } from './ingest/spool';
import { measureStall } from './ingest/stall';

const RESULTS = 'bench/results/ingest.json';
const HELP = `npm run bench -- ingest [part …] [options]

Parts (default: all):
  speed   accepted events per second and latency, compared to a bare node:http server that answers after an amqplib
          confirm, with as many quorum queues as there are lanes and with a single one
  memory  peak memory with 10,000 connections, full load, and a blocked broker
  spool   events accepted per second while the broker is unreachable, and drained per second afterwards
  stall   latency of 31 lanes before and while the queue of another lane does not respond, and delivery of its events

  --rounds N   rounds of speed (7)
  --keys N     routing keys of the events of speed (64); few keys use few lanes
  --seconds N  length of a run of speed (5), of memory (60), of spool (10), of stall (60; before it at most 60)
  --help       shows this help
`;

interface LoadSettings {
  readonly rounds: number;
  readonly keys: number;
  readonly seconds: number | undefined;
}

const PARTS = {
  speed: ({ rounds, keys, seconds = 5 }: LoadSettings) => measureSpeed(rounds, seconds, keys),
  memory: ({ seconds = 60 }: LoadSettings) => measureMemory(seconds),
  spool: ({ seconds = 10 }: LoadSettings) => measureSpool(seconds),
  stall: ({ seconds = 60 }: LoadSettings) => measureStall(seconds),
};

const isPart = (name: string): name is keyof typeof PARTS => Object.hasOwn(PARTS, name);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      keys: { type: 'string', default: '64' },
      seconds: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !isPart(name));
  const rounds = Number(values.rounds);
  const keys = Number(values.keys);
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  if (
    values.help ||
    unknown.length > 0 ||
    !(rounds >= 1) ||
    !(keys >= 1) ||
    (seconds !== undefined && !(seconds >= 1))
  ) {
    const problem = unknown.length > 0 ? `unknown part "${unknown.join(' ')}"\n` : '';
    process.stderr.write(`${problem}${HELP}`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const chosen = positionals.length === 0 ? Object.keys(PARTS) : positionals;
  for (const part of chosen.filter(isPart)) {
    const result = await PARTS[part]({ rounds, keys, seconds });
    console.log(`\n${part}: ${cpus().length} cores, ${result.conditions}`);
    console.table(result.rows);
    saveResult(part, result);
  }
}

/** Parts that did not run keep their previous results. */
function saveResult(part: string, result: object): void {
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(
    RESULTS,
    `${JSON.stringify({ ...readPrevious(), [part]: { cores: cpus().length, ...result } }, null, 2)}\n`,
  );
}

function readPrevious(): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(RESULTS, 'utf8')));
  } catch {
    return {};
  }
}

void main();
