import { readFileSync } from 'node:fs';

export interface Usage {
  readonly cpuSeconds: number;
  readonly rssMb: number;
  /** Peak. */
  readonly peakMb: number;
}

/** CPU time and memory of a process, from the kernel. */
export function usageOf(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    rssMb: megabytes('VmRSS'),
    peakMb: megabytes('VmHWM'),
  };
}

/** The sum of several processes. */
export function usageOfAll(pids: readonly number[]): Usage {
  const sum = (pick: (usage: Usage) => number) => usages.reduce((total, usage) => total + pick(usage), 0);
  const usages = pids.map(usageOf);
  return {
    cpuSeconds: sum((usage) => usage.cpuSeconds),
    rssMb: sum((usage) => usage.rssMb),
    peakMb: sum((usage) => usage.peakMb),
  };
}
