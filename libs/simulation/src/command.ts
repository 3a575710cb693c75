import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { parseArgs } from 'node:util';
import { describeFault } from './world/faults';
import { OPEN_SEEDS } from './world/kept-seeds';
import { LimitUsage } from './world/limit-usage';
import { shrink } from './world/shrink';
import { type SimulationReport, simulate } from './world/simulate';
import { traceExcerptOf } from './world/trace-excerpt';

const HELP = `usage: npm run simulate -- [options]

Runs gateways and workers in simulated worlds with faults, one for each seed, and checks what PagerDuty received.

  --seeds N   how many seeds to run (default: 200)
  --from N    the first seed (default: 1)
  --first     stop at the first seed that fails
  --seed N    run one seed again, and print the part of its trace that matters
  --trace     with --seed: print the whole trace
  --mutant M  patch a known bug into the sources and check that it is found; --mutant list lists them
  --help      print this

Exits with 1 if a seed fails. docs/simulation.md explains what is simulated and how to read a trace.
`;

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly seed: number | undefined;
  readonly stopsAtFirst: boolean;
  readonly isWholeTrace: boolean;
}

/** Runs the command; the result is its exit code. @param write prints text */
export async function runCommand(args: readonly string[], write: (text: string) => void): Promise<number> {
  let options: Options | undefined;
  try {
    options = optionsOf(args);
  } catch (error) {
    write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (options === undefined) {
    write(HELP);
    return 0;
  }
  return options.seed === undefined ? search(options, write) : replay(options.seed, options.isWholeTrace, write);
}

/** @returns undefined for the help. @throws Error that names the option */
function optionsOf(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      seed: { type: 'string' },
      first: { type: 'boolean' },
      trace: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return undefined;
  return {
    seeds: numberOf('--seeds', values.seeds ?? '200'),
    from: numberOf('--from', values.from ?? '1'),
    seed: values.seed === undefined ? undefined : numberOf('--seed', values.seed),
    stopsAtFirst: values.first === true,
    isWholeTrace: values.trace === true,
  };
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new Error(`${option} must be a whole number, not "${text}"`);
  return value;
}

async function search({ seeds, from, stopsAtFirst }: Options, write: (text: string) => void): Promise<number> {
  const begun = SYSTEM_CLOCK.monotonic();
  const usage = new LimitUsage();
  let failures = 0;
  let known = 0;
  let count = 0;
  for (let seed = from; seed < from + seeds && !(stopsAtFirst && failures > 0); seed += 1) {
    const report = await simulate(seed);
    count += 1;
    usage.add(report.limits);
    if (report.problems.length === 0) continue;
    const knownFault = OPEN_SEEDS[seed];
    if (knownFault !== undefined) {
      known += 1;
      write(`seed ${seed} fails, as is known: ${knownFault}\n\n`);
      continue;
    }
    failures += 1;
    write(describe(await shrink(report)));
    write(`Reproduce with a trace: npm run simulate -- --seed ${seed}\n\n`);
  }
  const seconds = (SYSTEM_CLOCK.monotonic() - begun) / 1_000;
  const rate = `${seconds.toFixed(1)} s (${(count / seconds).toFixed(1)} per second)`;
  write(`${usage.table.join('\n')}\n\n`);
  write(`${count} seeds from ${from} in ${rate}: ${failures} failed${known === 0 ? '' : `, ${known} as is known`}\n`);
  return failures === 0 ? 0 : 1;
}

async function replay(seed: number, isWholeTrace: boolean, write: (text: string) => void): Promise<number> {
  const found = await simulate(seed);
  const { faults } = found.problems.length === 0 ? found : await shrink(found);
  const report = await simulate(seed, { faults, isTracing: true });
  write(`${(isWholeTrace ? report.trace : traceExcerptOf(report)).join('\n')}\n\n`);
  write(describe(report));
  return report.problems.length === 0 ? 0 : 1;
}

function describe({ seed, faults, problems, accepted, steps }: SimulationReport): string {
  const shown = problems.slice(0, 5).map(({ check, detail }) => `  violated: ${check}\n            ${detail}`);
  const more = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : [];
  return [
    `seed ${seed}: ${accepted} events accepted, ${steps} steps, ${problems.length === 0 ? 'all checks passed' : 'FAILED'}`,
    ...faults.map((fault) => `  ${describeFault(fault)}`),
    ...shown,
    ...more,
    '',
  ].join('\n');
}
