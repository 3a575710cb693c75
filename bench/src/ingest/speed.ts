import { EVENTS } from '@pdaltagent/messaging';
import { median } from '../delivery/median';
import { type BenchResult, log, progress } from '../delivery/servers';
import { usageOf } from '../delivery/usage';
import { type LoadReport, startBareServer, underLoad } from './processes';
import { emptyQueues, withServers } from './servers';

const CONNECTIONS = 64;
const ONE_QUEUE = ['bench.bare'];
/** As many as the gateway has lanes, because the broker's cost of many queues is not the gateway's. */
export const QUEUES = Array.from({ length: EVENTS.lanes }, (_, lane) => `bench.bare.${lane}`);
const WARM_UP_SECONDS = 3;

export interface Run extends LoadReport {
  readonly cpuMicrosPerEvent: number;
  readonly rssMb: number;
}

/** A server, and how it is loaded. */
export interface Loaded {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly overTls?: boolean;
}

export interface LoadPlan {
  readonly rounds: number;
  /** Of one run. */
  readonly seconds: number;
  readonly keys: number;
  readonly connections: number;
  /** That are emptied before each run. */
  readonly bareQueues: readonly string[];
}

/** The gateway compared to bare servers; ratios are computed within a round. */
export function measureSpeed(rounds: number, seconds: number, keys: number): Promise<BenchResult> {
  return withServers(async ({ broker, startGateway }) => {
    const bare = await startBareServer(broker.url, QUEUES);
    const bareOne = await startBareServer(broker.url, ONE_QUEUE);
    const plain = await startGateway('gateway');
    const scrubbing = await startGateway('scrubbing', { PDAGENTD_SCRUB_PII: 'true' });
    const servers: Loaded[] = [
      { name: `bare, ${QUEUES.length} queues`, pid: bare.pid, port: bare.port },
      { name: 'bare, one queue', pid: bareOne.pid, port: bareOne.port },
      { name: 'gateway', pid: plain.app.pid, port: plain.port },
      { name: 'gateway, scrubbing', pid: scrubbing.app.pid, port: scrubbing.port },
    ];
    const table = await takeTurns(broker.url, servers, {
      rounds,
      seconds,
      keys,
      connections: CONNECTIONS,
      bareQueues: [...QUEUES, ...ONE_QUEUE],
    });
    bare.end();
    bareOne.end();
    return {
      conditions: `${rounds} rounds of ${seconds} s each, ${CONNECTIONS} keep-alive connections, ${keys} routing keys, v2 events of 600 B, quorum queues; medians`,
      rows: servers.map(({ name }, index) => {
        const of = (pick: (run: Run, bare: Run, bareOne: Run) => number) =>
          median(table.map((runs) => pick(at(runs, index), at(runs, 0), at(runs, 1))));
        return {
          '': name,
          'accepted/s': Math.round(of(perSecond)),
          'to bare': of((run, first) => perSecond(run) / perSecond(first)).toFixed(2),
          'to one queue': of((run, _first, one) => perSecond(run) / perSecond(one)).toFixed(2),
          'p50 ms': of(({ medianMs }) => medianMs).toFixed(1),
          'p99 ms': of(({ p99Ms }) => p99Ms).toFixed(1),
          'p99 to bare': of((run, first) => run.p99Ms / first.p99Ms).toFixed(2),
          'to one queue’s': of((run, _first, one) => run.p99Ms / one.p99Ms).toFixed(2),
          'µs CPU/event': Math.round(of(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)),
          'peak RSS MB': Math.round(of(({ rssMb }) => rssMb)),
          refused: table.reduce((sum, runs) => sum + at(runs, index).refused, 0),
        };
      }),
    };
  });
}

/** They take turns, so that variations of the machine affect all of them. Resolves with the runs of each round. */
export async function takeTurns(
  amqpUrl: string,
  servers: readonly Loaded[],
  plan: LoadPlan,
): Promise<readonly Run[][]> {
  log('warming up');
  for (const server of servers) await run(server, { ...plan, seconds: WARM_UP_SECONDS });
  const table: Run[][] = [];
  for (let round = 1; round <= plan.rounds; round += 1) {
    log(`round ${round} of ${plan.rounds}`);
    const runs: Run[] = [];
    // Alternates the order, so that none always runs after the same other one.
    const turn = round % 2 === 0 ? [...servers].reverse() : servers;
    for (const server of turn) {
      await emptyQueues(amqpUrl, plan.bareQueues);
      runs[servers.indexOf(server)] = await run(server, plan);
    }
    table.push(runs);
  }
  return table;
}

async function run({ name, pid, port, overTls = false }: Loaded, plan: LoadPlan): Promise<Run> {
  progress(name);
  const { connections, keys, seconds } = plan;
  const before = usageOf(pid).cpuSeconds;
  const report = await underLoad({ port, connections, keys, seconds, overTls });
  const { cpuSeconds, peakMb } = usageOf(pid);
  return { ...report, cpuMicrosPerEvent: ((cpuSeconds - before) / report.accepted) * 1e6, rssMb: peakMb };
}

export function perSecond({ accepted, seconds }: Run): number {
  return accepted / seconds;
}

export function at(runs: readonly Run[], index: number): Run {
  const found = runs[index];
  if (found === undefined) throw new Error('a run is missing');
  return found;
}
