import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { describe, describeSmallest, type Output, reproducing, type RunAs } from './command-report';
import { LimitUsage } from './world/limit-usage';
import { shrink } from './world/shrink';
import { simulate } from './world/simulate';

export interface SearchOptions extends RunAs {
  /** How many; undefined for the default. */
  readonly seeds: number | undefined;
  /** The first one; undefined for the default. */
  readonly from: number | undefined;
  readonly stopsAtFirst: boolean;
}

const PROGRESS_EVERY_MS = 5_000;

/** Runs seeds one after another; the result is the exit code. */
export async function search(options: SearchOptions, { write, progress }: Output): Promise<number> {
  const { seeds = 200, from = 1, stopsAtFirst, hasJournal } = options;
  const begun = SYSTEM_CLOCK.monotonic();
  const usage = new LimitUsage();
  let shownAt = begun;
  let failures = 0;
  let count = 0;
  for (let seed = from; seed < from + seeds && !(stopsAtFirst && failures > 0); seed += 1) {
    const report = await simulate(seed, { hasJournal });
    count += 1;
    usage.add(report.limits);
    const now = SYSTEM_CLOCK.monotonic();
    if (now - shownAt > PROGRESS_EVERY_MS) {
      shownAt = now;
      progress(`${progressOf(count, seeds, now - begun)}, ${failures} failed\n`);
    }
    if (report.problems.length === 0) continue;
    failures += 1;
    write(describe(report));
    write(describeSmallest(report, await shrink(report)));
    write(`Reproduce with a trace: ${reproducing(seed, options)}\n\n`);
  }
  const seconds = (SYSTEM_CLOCK.monotonic() - begun) / 1_000;
  const rate = `${seconds.toFixed(1)} s (${(count / seconds).toFixed(1)} per second)`;
  write(`${usage.table.join('\n')}\n\n`);
  write(`${count} seeds from ${from} in ${rate}: ${failures} failed\n`);
  return failures === 0 ? 0 : 1;
}

/** How far a search is, and how long the rest takes at the same rate. */
export function progressOf(count: number, seeds: number, elapsedMs: number): string {
  const perSecond = (count / elapsedMs) * 1_000;
  const secondsLeft = (seeds - count) / perSecond;
  const left = secondsLeft < 90 ? `${Math.ceil(secondsLeft)} s` : `${Math.ceil(secondsLeft / 60)} min`;
  return `${count} of ${seeds} seeds, ${perSecond.toFixed(1)} per second, about ${left} left`;
}
