import { type AppProcess } from '@pdaltagent/testing';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Loaded into a service: from one SIGUSR2 to the next it measures the CPU time of its main thread in each turn of the event loop, and
 * then writes the highest. CPU time, unlike the time on a clock, does not grow while other processes have the CPU.
 */
const METER = `
const { readFileSync, writeSync } = require('node:fs');
const cpuMs = () => Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
let isMeasuring = false;
let highest = 0;
const turn = (before) => {
  const now = cpuMs();
  highest = Math.max(highest, now - before);
  if (isMeasuring) setImmediate(turn, now);
  else writeSync(1, JSON.stringify({ level: 'info', message: 'highest turn', ms: highest }) + '\\n');
};
process.on('SIGUSR2', () => {
  isMeasuring = !isMeasuring;
  if (!isMeasuring) return;
  highest = 0;
  writeSync(1, JSON.stringify({ level: 'info', message: 'measuring turns' }) + '\\n');
  setImmediate(turn, cpuMs());
});
`;

/** What the reference work takes on a machine with little else to do, on which bounds are chosen; milliseconds of CPU time. */
const REFERENCE_MS = 100;
const REFERENCE = JSON.stringify(Array.from({ length: 4_000 }, (_, at) => ({ [`name ${at}`]: `"text" ${at}` })));
const REFERENCE_ROUNDS = 16;

/** CPU time of this process's main thread. Linux only. */
function cpuMs(): number {
  return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
}

/** Measures turns of the event loop of services. */
export class TurnMeter {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'turn-meter-'));

  static get isSupported(): boolean {
    try {
      return cpuMs() > 0;
    } catch {
      return false;
    }
  }

  /** How many times slower the CPU is than the one on which bounds are chosen, also because others share its caches; at least 1. */
  static slowdown(): number {
    const before = cpuMs();
    for (let round = 0; round < REFERENCE_ROUNDS; round += 1) JSON.stringify(JSON.parse(REFERENCE));
    return Math.max(1, (cpuMs() - before) / REFERENCE_MS);
  }

  constructor() {
    writeFileSync(path.join(this.#folder, 'meter.cjs'), METER);
  }

  /** For the service to be measured. */
  get environment(): Record<string, string> {
    return { NODE_OPTIONS: `--require=${path.join(this.#folder, 'meter.cjs')}` };
  }

  /** The highest CPU time of one turn of each service while the work goes on; milliseconds. */
  async during(services: readonly AppProcess[], work: () => Promise<void>): Promise<number[]> {
    const before = services.map(({ lines }) => lines.length);
    const signalled = async (message: string): Promise<Record<string, unknown>[]> => {
      for (const { pid } of services) process.kill(pid, 'SIGUSR2');
      return Promise.all(
        services.map((service, at) =>
          service.logged(
            message,
            (line) => line.message === message && service.lines.indexOf(line) >= (before[at] ?? 0),
          ),
        ),
      );
    };
    await signalled('measuring turns');
    await work();
    return (await signalled('highest turn')).map(({ ms }) => Number(ms));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
