import { type Fault } from './faults';
import { type SimulationReport, simulate } from './simulate';

/** Leaves out every fault without which the seed fails in the same way: what is left is needed. */
export async function shrink(failed: SimulationReport): Promise<SimulationReport> {
  let smallest = failed;
  for (let index = failed.faults.length - 1; index >= 0; index -= 1) {
    const fewer = await rerun(
      smallest,
      smallest.faults.filter((fault) => fault !== failed.faults[index]),
    );
    if (failsAlike(fewer, failed)) smallest = fewer;
  }
  return smallest;
}

function rerun({ seed }: SimulationReport, faults: readonly Fault[]): Promise<SimulationReport> {
  return simulate(seed, { faults });
}

function failsAlike(one: SimulationReport, other: SimulationReport): boolean {
  return one.problems.some(({ check }) => check === other.problems[0]?.check);
}
