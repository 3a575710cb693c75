// `npm run simulate -- --mutant all`: whether the simulation finds each mutant.
import { loadSimulation } from './bundle.mjs';
import { MUTANTS } from './mutants.mjs';
import { parseArgs } from 'node:util';

/** How many seeds may be needed to find a mutant. */
const SEEDS = 2_000;

/**
 * Searches each mutant for a seed that violates its check, and nothing without the mutant: the known one first. One without
 * a known seed is searched only if `--from` says where.
 * @returns the exit code: 1 if one with a known seed is not found, 2 if an option is wrong
 */
export async function findMutants(args, { write }) {
  let options;
  try {
    options = optionsOf(args);
  } catch (error) {
    write(`${error.message}\n`);
    return 2;
  }
  const product = await loadSimulation();
  let missing = 0;
  for (const [name, { seed, shownBy, check, edits }] of Object.entries(MUTANTS)) {
    const { simulate } = await loadSimulation({ edits });
    const isFoundBy = async (candidate) =>
      (shownBy === undefined || product.faultsOf(candidate).some(({ kind }) => kind === shownBy)) &&
      violates(await simulate(candidate), check) &&
      (await product.simulate(candidate)).problems.length === 0;
    const first = options.from ?? seed ?? 1;
    const count = (options.from ?? seed) === undefined ? 1 : options.seeds;
    const found = await firstOf(first, count, isFoundBy);
    if (found === undefined && seed !== undefined) missing += 1;
    const missed = `${seed === undefined ? 'not found, as is known,' : 'NOT FOUND'} by ${count} seeds from ${first}`;
    write(`${name}: ${found === undefined ? missed : `found by seed ${found}`}: ${check}\n`);
  }
  return missing === 0 ? 0 : 1;
}

function violates({ problems }, check) {
  return problems.some((problem) => problem.check === check);
}

async function firstOf(from, count, isFoundBy) {
  for (let seed = from; seed < from + count; seed += 1) if (await isFoundBy(seed)) return seed;
  return undefined;
}

function optionsOf(args) {
  const option = { type: 'string' };
  const { values } = parseArgs({ args, options: { mutant: option, seeds: option, from: option } });
  for (const [name, value] of Object.entries(values))
    if (name !== 'mutant' && !/^\d{1,15}$/.test(value))
      throw new Error(`--${name} must be a whole number, not "${value}"`);
  return { from: values.from === undefined ? undefined : Number(values.from), seeds: Number(values.seeds ?? SEEDS) };
}
