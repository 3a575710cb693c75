import { type Fault } from './faults';
import { type SimulationReport, simulate } from './simulate';

/** Leaves out every fault without which the seed fails in the same way: what is left is needed. */
export async function shrink(failed: SimulationReport): Promise<SimulationReport> {
  let smallest = failed;
  for (const fault of [...failed.faults].reverse()) {
    const fewer = await rerun(
      smallest,
      smallest.faults.filter((other) => other !== fault),
    );
    if (failsAlike(fewer, failed)) smallest = fewer;
  }
  // One that was needed may not be without those that were left out after it.
  return smallest === failed ? failed : shrink(smallest);
}

function rerun({ seed, hasJournal }: SimulationReport, faults: readonly Fault[]): Promise<SimulationReport> {
  return simulate(seed, { faults, hasJournal });
}

function failsAlike(one: SimulationReport, other: SimulationReport): boolean {
  return one.problems.some(({ check }) => check === other.problems[0]?.check);
}
