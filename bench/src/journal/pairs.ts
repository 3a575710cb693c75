import { median } from '../delivery/median';

/** Of one run, with or without the journal. */
export interface Measured {
  readonly perSecond: number;
  readonly cpuMicrosPerEvent: number;
  readonly rssMb: number;
}

/** Two runs of one round, so that variations of the machine affect both. */
export interface Pair {
  readonly without: Measured;
  readonly withJournal: Measured;
}

/** A row of figures; ratios and differences are computed within each round. */
export function rowOf(work: string, pairs: readonly Pair[]): Record<string, string | number> {
  const of = (pick: (pair: Pair) => number): number => median(pairs.map(pick));
  return {
    '': work,
    '/s without': Math.round(of(({ without }) => without.perSecond)),
    '/s with': Math.round(of(({ withJournal }) => withJournal.perSecond)),
    'with / without': of(({ without, withJournal }) => withJournal.perSecond / without.perSecond).toFixed(3),
    'µs CPU/event without': of(({ without }) => without.cpuMicrosPerEvent).toFixed(1),
    'µs CPU/event more': of(
      ({ without, withJournal }) => withJournal.cpuMicrosPerEvent - without.cpuMicrosPerEvent,
    ).toFixed(1),
    'RSS MB more': of(({ without, withJournal }) => withJournal.rssMb - without.rssMb).toFixed(0),
  };
}
