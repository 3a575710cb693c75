import { type BenchResult, withServers } from '../delivery/servers';
import { deliveryWorkers, takeTurns } from '../delivery/speed';
import { rowOf } from './pairs';

/** Events delivered by a worker that writes the journal, and by one that does not; PagerDuty answers at once. */
export function measureDelivery(rounds: number, events: number): Promise<BenchResult> {
  return withServers(0, async (bench) => {
    const off = { name: 'without-journal', env: { PDAGENTD_JOURNAL: 'false' } };
    const on = { name: 'with-journal', env: {} };
    const contenders = [off, on].map((variant) => deliveryWorkers(bench, 1, events, variant));
    const [without = [], withJournal = []] = await takeTurns(contenders, rounds);
    const pairs = without.flatMap((run, round) => {
      const other = withJournal[round];
      return other === undefined ? [] : [{ without: run, withJournal: other }];
    });
    return {
      conditions: `${rounds} rounds of ${events} events of 600 B, PagerDuty answers at once; medians of the rounds’ ratios`,
      rows: [rowOf('deliver', pairs)],
    };
  });
}
