import { parseArgs } from 'node:util';
import { faultsIn } from './command-faults';
import { MUTANTS } from './mutants/mutants';
import { type Fault } from './world/faults';

export const HELP = `usage: npm run simulate -- [options]

Runs gateways and workers in simulated worlds with faults, one for each seed, and checks what PagerDuty received.

  --seeds N   how many seeds to run (default: 200)
  --from N    the first seed (default: 1)
  --first     stop at the first seed that fails
  --seed N    run one seed again, and print the part of its trace that matters
  --trace     with --seed: print the whole trace
  --faults F  with --seed: these faults instead of the seed's, as JSON, as --seed prints them
  --journal   gateways and workers also write the journal, which must not change what is delivered
  --mutant M  first put a fault into the sources, which a seed should find; --mutant list lists them, --mutant all
              searches each (up to 2000 seeds from its known one on; --seeds and --from change that)
  --help      print this

A search prints its progress to stderr, each seed that fails with the smallest set of faults that makes it fail, and at
its end its rate. Exits with 1 if a seed fails or a mutant is not found, with 2 if an option is wrong.
docs/simulation.md explains what is simulated and how to read a trace.

examples:
  npm run simulate -- --seeds 10000 --from 1
  npm run simulate -- --seed 4711
  npm run simulate -- --mutant='forgets a delivered id' --first --seeds 2000
`;

export interface Options {
  readonly isHelp: boolean;
  readonly seeds: number | undefined;
  readonly from: number | undefined;
  readonly seed: number | undefined;
  readonly stopsAtFirst: boolean;
  readonly isWholeTrace: boolean;
  readonly hasJournal: boolean;
  /** Other faults than those of the seed. */
  readonly faults: readonly Fault[] | undefined;
  /** The fault that is put into the sources; or `list`, or `all`. */
  readonly mutant: string | undefined;
}

/** Randomness is drawn from 32 bits: more seeds would repeat others. */
const SEEDS = 2 ** 32;

/** @throws Error that names the option, what is wrong, and what is wanted */
export function optionsIn(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      seed: { type: 'string' },
      first: { type: 'boolean' },
      trace: { type: 'boolean' },
      faults: { type: 'string' },
      journal: { type: 'boolean' },
      mutant: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const { seeds, from, seed, first, trace, faults, journal, mutant, help } = values;
  if (mutant === 'list')
    refuse(values, '--mutant list', ['seeds', 'from', 'seed', 'first', 'trace', 'faults', 'journal']);
  else if (mutant === 'all') refuse(values, '--mutant all', ['seed', 'first', 'trace', 'faults', 'journal']);
  else if (mutant !== undefined && !MUTANTS.has(mutant))
    throw new Error(`--mutant must be list, all or one of these, not "${mutant}":\n${listing()}`);
  if (seed !== undefined) refuse(values, '--seed, which runs one seed,', ['seeds', 'from', 'first']);
  if (seed === undefined && trace !== undefined) throw new Error('--trace needs --seed');
  if (seed === undefined && faults !== undefined) throw new Error('--faults needs --seed');
  return {
    isHelp: help === true,
    seeds: seeds === undefined ? undefined : numberOf('--seeds', seeds, 1),
    from: from === undefined ? undefined : numberOf('--from', from, 0),
    seed: seed === undefined ? undefined : numberOf('--seed', seed, 0),
    stopsAtFirst: first === true,
    isWholeTrace: trace === true,
    hasJournal: journal === true,
    faults: faults === undefined ? undefined : faultsIn(faults),
    mutant,
  };
}

/** The mutants, each with a seed that shows it. */
export function listing(): string {
  return [...MUTANTS].map(([name, { seed }]) => `  ${name} (${seed})\n`).join('');
}

function refuse(values: Readonly<Record<string, unknown>>, option: string, others: readonly string[]): void {
  const other = others.find((name) => values[name] !== undefined);
  if (other !== undefined) throw new Error(`${option} cannot be combined with --${other}`);
}

function numberOf(option: string, text: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value >= SEEDS)
    throw new Error(`${option} must be a whole number from ${least} to ${SEEDS - 1}, not "${text}"`);
  return value;
}
