import { parseArgs } from 'node:util';
import { replay } from './command-replay';
import { type Output } from './command-report';
import { search } from './command-search';
import { type Fault, isFault } from './world/faults';

const HELP = `usage: npm run simulate -- [options]

Runs gateways and workers in simulated worlds with faults, one for each seed, and checks what PagerDuty received.

  --seeds N   how many seeds to run (default: 200)
  --from N    the first seed (default: 1)
  --first     stop at the first seed that fails
  --seed N    run one seed again, and print the part of its trace that matters
  --trace     with --seed: print the whole trace
  --faults F  with --seed: these faults instead of the seed's, as JSON, as --seed prints them
  --mutant M  first put a fault into the sources, which a seed should find; --mutant list lists them, --mutant all
              searches each (up to 2000 seeds from its known one on; --seeds and --from change that)
  --help      print this

A search prints its progress to stderr, each seed that fails with the smallest set of faults that makes it fail, and at
its end its rate. Exits with 1 if a seed fails that no known fault explains (libs/simulation/src/world/known-faults.ts), with
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
  /** Other faults than those of the seed. */
  readonly faults: readonly Fault[] | undefined;
  /** The fault that was put into the sources. */
  readonly mutant: string | undefined;
}

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
  return options.seed === undefined ? search(options, output) : replay(options.seed, options, output);
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
      faults: { type: 'string' },
      mutant: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const { seeds, from, seed, first, trace, faults, mutant, help } = values;
  if (help === true) return undefined;
  if (seed === undefined && (trace ?? faults) !== undefined) throw new Error('--trace and --faults need --seed');
  if (seed !== undefined && (seeds ?? from ?? first) !== undefined)
    throw new Error('--seed runs one seed: it cannot be combined with --seeds, --from or --first');
  return {
    seeds: positiveOf('--seeds', seeds ?? '200'),
    from: numberOf('--from', from ?? '1'),
    seed: seed === undefined ? undefined : numberOf('--seed', seed),
    stopsAtFirst: first === true,
    isWholeTrace: trace === true,
    faults: faults === undefined ? undefined : faultsIn(faults),
    mutant,
  };
}

function faultsIn(text: string): readonly Fault[] {
  const value = valueOf(text);
  if (!Array.isArray(value) || !value.every(isFault))
    throw new Error('--faults must be a JSON array of {"kind", "at", "ms", "target"}, with kinds of faults.ts');
  return value;
}

/** Undefined if it is not JSON. */
function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
