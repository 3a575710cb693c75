/** Prints a figure and whether it meets its target; if not, the benchmark exits with 1. */
export function report(what: string, figure: string, isGood: boolean, target: string): void {
  console.log(`${isGood ? 'ok  ' : 'MISS'} ${what}: ${figure} (${target})`);
  if (!isGood) process.exitCode = 1;
}
