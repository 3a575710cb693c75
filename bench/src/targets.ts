// Every figure with a target, each compared to the bare stack in the same run: `npm run bench` without a name.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureAcceptance } from './targets/accept';
import { measureDelivery } from './targets/deliver';
import { type Figure, isMet, textOf } from './targets/figure';
import { measureIdle } from './targets/idle';
import { measureRecovery } from './targets/recovery';
import { measureStart } from './targets/start';

const HELP = `npm run bench [-- targets [part …] [options]]

Measures every figure that has a target, and prints one table. Takes about 25 minutes; nothing else should be running.

Parts (default: all):
  deliver   deliveries per second and CPU time, compared to amqplib and node:http alone
  accept    accepted events per second and latency, compared to node:http and amqplib alone
  recovery  how soon events go directly to the broker, after a start and after an outage
  idle      CPU time while nothing happens
  start     how long a start takes

  --rounds N  rounds of each comparison, of which the median counts (3)
  --help      shows this help
`;

const PARTS = {
  deliver: measureDelivery,
  accept: measureAcceptance,
  recovery: measureRecovery,
  idle: measureIdle,
  start: measureStart,
};

const isPart = (name: string): name is keyof typeof PARTS => Object.hasOwn(PARTS, name);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { rounds: { type: 'string', default: '3' }, help: { type: 'boolean', short: 'h', default: false } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !isPart(name));
  const rounds = Number(values.rounds);
  if (values.help || unknown.length > 0 || !(rounds >= 1)) {
    const problem = unknown.length > 0 ? `unknown part "${unknown.join(' ')}"\n` : '';
    process.stderr.write(`${problem}${HELP}`);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const chosen = (positionals.length === 0 ? Object.keys(PARTS) : positionals).filter(isPart);
  const figures: Figure[] = [];
  for (const part of chosen) figures.push(...(await PARTS[part](rounds)));
  console.log(`\n${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, medians of ${rounds} rounds`);
  console.table(figures.map(rowOf));
  if (!figures.every(isMet)) process.exitCode = 1;
}

function rowOf(figure: Figure): Record<string, string> {
  const { work, ours, bare, value, target } = figure;
  return {
    work,
    ours,
    bare,
    ratio: bare === '' ? '' : value.toFixed(2),
    target: textOf(target),
    '': isMet(figure) ? 'met' : 'missed',
  };
}

void main();
