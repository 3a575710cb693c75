/** Processor time of this process in milliseconds, the best of some rounds: what else the machine does is mostly left out. */
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
