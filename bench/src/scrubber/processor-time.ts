/** CPU time of this process in milliseconds, best of several rounds, which excludes most of the machine's other load. */
export function processorTime(rounds: number, action: () => unknown): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    action();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  return best;
}
