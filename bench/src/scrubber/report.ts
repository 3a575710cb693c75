/** Prints a figure and whether it is as good as it has to be; a figure that is not makes the bench end with 1. */
export function report(what: string, figure: string, isGood: boolean, target: string): void {
  console.log(`${isGood ? 'ok  ' : 'MISS'} ${what}: ${figure} (${target})`);
  if (!isGood) process.exitCode = 1;
}
