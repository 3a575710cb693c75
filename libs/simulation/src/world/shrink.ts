import { type Fault } from './faults';
import { type Report, simulate } from './simulate';

/** Leaves out every fault without which the seed fails in the same way: what is left is needed. */
export async function shrink(failed: Report): Promise<Report> {
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

function rerun({ seed }: Report, faults: readonly Fault[]): Promise<Report> {
  return simulate(seed, { faults });
}

function failsAlike(one: Report, other: Report): boolean {
  return one.problems.some(({ check }) => check === other.problems[0]?.check);
}
