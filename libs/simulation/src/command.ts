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
  --mutant M  first put a known fault into the sources, which a seed should find; --mutant list lists them
  --help      print this

A search prints its progress to stderr, each seed that fails with the smallest set of faults that makes it fail, and at
its end its rate. Exits with 1 if a seed fails that is not listed as open in libs/simulation/src/world/kept-seeds.ts, with
2 if an option is wrong. docs/simulation.md explains what is simulated and how to read a trace.

examples:
  npm run simulate -- --seeds 10000 --from 1
  npm run simulate -- --seed 4711
  npm run simulate -- --mutant='forgets a delivered id' --first --seeds 2000
`;

interface Options {
  readonly seeds: number;
  readonly from: number;
  readonly seed: number | undefined;
  readonly stopsAtFirst: boolean;
  readonly isWholeTrace: boolean;
  /** The fault that was put into the sources. */
  readonly mutant: string | undefined;
}

/** Prints results; `progress` is not part of them. */
export interface Output {
  readonly write: (text: string) => void;
  readonly progress: (text: string) => void;
}

const PROGRESS_EVERY_MS = 5_000;

/** Runs the command; the result is its exit code. */
export async function runCommand(args: readonly string[], output: Output): Promise<number> {
  let options: Options | undefined;
  try {
    options = optionsOf(args);
  } catch (error) {
    output.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (options === undefined) {
    output.write(HELP);
    return 0;
  }
  return options.seed === undefined ? search(options, output) : replay(options.seed, options.isWholeTrace, output);
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
      mutant: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return undefined;
  return {
    seeds: positiveOf('--seeds', values.seeds ?? '200'),
    from: numberOf('--from', values.from ?? '1'),
    seed: values.seed === undefined ? undefined : numberOf('--seed', values.seed),
    stopsAtFirst: values.first === true,
    isWholeTrace: values.trace === true,
    mutant: values.mutant,
  };
}

function positiveOf(option: string, text: string): number {
  const value = numberOf(option, text);
  if (value === 0) throw new Error(`${option} must be at least 1, not 0`);
  return value;
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new Error(`${option} must be a whole number, not "${text}"`);
  return value;
}

async function search({ seeds, from, stopsAtFirst, mutant }: Options, { write, progress }: Output): Promise<number> {
  const begun = SYSTEM_CLOCK.monotonic();
  const usage = new LimitUsage();
  let shownAt = begun;
  let failures = 0;
  let known = 0;
  let count = 0;
  for (let seed = from; seed < from + seeds && !(stopsAtFirst && failures > 0); seed += 1) {
    const report = await simulate(seed);
    count += 1;
    usage.add(report.limits);
    if (SYSTEM_CLOCK.monotonic() - shownAt > PROGRESS_EVERY_MS) {
      shownAt = SYSTEM_CLOCK.monotonic();
      progress(`${count} of ${seeds} seeds, ${failures} failed\n`);
    }
    if (report.problems.length === 0) continue;
    const knownFault = OPEN_SEEDS[seed];
    if (knownFault !== undefined) {
      known += 1;
      write(`seed ${seed} fails, as is known: ${knownFault}\n\n`);
      continue;
    }
    failures += 1;
    write(describe(await shrink(report)));
    const patched = mutant === undefined ? '' : ` --mutant='${mutant}'`;
    write(`Reproduce with a trace: npm run simulate -- --seed ${seed}${patched}\n\n`);
  }
  const seconds = (SYSTEM_CLOCK.monotonic() - begun) / 1_000;
  const rate = `${seconds.toFixed(1)} s (${(count / seconds).toFixed(1)} per second)`;
  write(`${usage.table.join('\n')}\n\n`);
  write(`${count} seeds from ${from} in ${rate}: ${failures} failed${known === 0 ? '' : `, ${known} as is known`}\n`);
  return failures === 0 ? 0 : 1;
}

async function replay(seed: number, isWholeTrace: boolean, { write }: Output): Promise<number> {
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
