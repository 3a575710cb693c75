import { median } from '../delivery/median';
import { withServers } from '../delivery/servers';
import { bareConsumer, type Contender, deliveryWorkers, type Run, takeTurns } from '../delivery/speed';
import { type Figure, type Target } from './figure';

const EVENTS = 20_000;

/** Deliveries compared to amqplib and node:http. */
export async function measureDelivery(rounds: number): Promise<readonly Figure[]> {
  const atOnce = await withServers(0, async (bench) => {
    // As many seconds as the other runs.
    const events = 2 * EVENTS;
    const contenders = [
      bareConsumer(bench, 'node:http', events),
      deliveryWorkers(bench, 1, events),
      deliveryWorkers(bench, 2, events),
    ];
    const [bare = [], one = [], two = []] = await takeTurns(contenders, rounds);
    return [
      rateOf('deliver, answered at once', one, bare, { atLeast: 0.75 }),
      costOf('deliver, answered at once: CPU', one, bare, { atMost: 1.75 }),
      rateOf('deliver, answered at once, two workers', two, bare, { atLeast: 1.2 }),
    ];
  });
  const afterLatency = (work: string, target: Target, overTls: boolean) =>
    withServers(
      100,
      async (bench) => {
        const contenders: readonly Contender[] = [
          bareConsumer(bench, 'node:http', EVENTS),
          deliveryWorkers(bench, 1, EVENTS),
        ];
        const [bare = [], ours = []] = await takeTurns(contenders, rounds);
        return [rateOf(work, ours, bare, target)];
      },
      { overTls },
    );
  return [
    ...atOnce,
    ...(await afterLatency('deliver, answered in 100 ms', { atLeast: 0.97 }, false)),
    ...(await afterLatency('deliver, answered in 100 ms, TLS', { atLeast: 0.9 }, true)),
  ];
}

function rateOf(work: string, ours: readonly Run[], bare: readonly Run[], target: Target): Figure {
  return compared(work, ours, bare, target, (run) => run.perSecond, '/s');
}

function costOf(work: string, ours: readonly Run[], bare: readonly Run[], target: Target): Figure {
  return compared(work, ours, bare, target, (run) => run.cpuMicrosPerEvent, ' µs');
}

/** The ratio is computed within each round. */
function compared(
  work: string,
  ours: readonly Run[],
  bare: readonly Run[],
  target: Target,
  pick: (run: Run) => number,
  unit: string,
): Figure {
  const text = (runs: readonly Run[]) => `${Math.round(median(runs.map(pick)))}${unit}`;
  const ratios = ours.map((run, round) => pick(run) / pick(bare[round] ?? run));
  return { work, ours: text(ours), bare: text(bare), value: median(ratios), target };
}
