import { type BenchResult, progress, say } from '../delivery/servers';
import { usageOf } from '../delivery/usage';
import { type LoadReport, startBareServer, underLoad } from './helpers';
import { emptyQueues, withServers } from './servers';

const CONNECTIONS = 64;
const BARE_QUEUE = 'bench.bare';
const WARM_UP_SECONDS = 3;

interface Run extends LoadReport {
  readonly cpuMicrosPerEvent: number;
  readonly rssMb: number;
}

interface Server {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
}

/** Takes turns, so that the machine's moods meet all of them; what is compared is compared within a round. */
export function measureSpeed(rounds: number, seconds: number): Promise<BenchResult> {
  return withServers(async ({ broker, startGateway }) => {
    const bare = await startBareServer(broker.url, BARE_QUEUE);
    const plain = await startGateway('gateway');
    const scrubbing = await startGateway('scrubbing', { PDAGENTD_SCRUB_PII: 'true' });
    const servers: Server[] = [
      { name: 'bare node:http', pid: bare.pid, port: bare.port },
      { name: 'gateway', pid: plain.app.pid, port: plain.port },
      { name: 'gateway, scrubbing', pid: scrubbing.app.pid, port: scrubbing.port },
    ];
    say('warming up');
    for (const server of servers) await run(server, WARM_UP_SECONDS);
    const table: Run[][] = [];
    for (let round = 1; round <= rounds; round += 1) {
      say(`round ${round} of ${rounds}`);
      const runs: Run[] = [];
      // Every other round backwards: none always has the place behind another.
      const turn = round % 2 === 0 ? [...servers].reverse() : servers;
      for (const server of turn) {
        await emptyQueues(broker.url, BARE_QUEUE);
        runs[servers.indexOf(server)] = await run(server, seconds);
      }
      table.push(runs);
    }
    bare.end();
    return {
      conditions: `${rounds} rounds of ${seconds} s each, ${CONNECTIONS} keep-alive connections, v2 events of 600 B, quorum queues; medians`,
      rows: servers.map(({ name }, index) => {
        const of = (pick: (run: Run, bare: Run) => number) =>
          median(table.map((runs) => pick(at(runs, index), at(runs, 0))));
        return {
          '': name,
          'accepted/s': Math.round(of(perSecond)),
          'to bare': of((run, first) => perSecond(run) / perSecond(first)).toFixed(2),
          'p50 ms': of(({ medianMs }) => medianMs).toFixed(1),
          'p99 ms': of(({ p99Ms }) => p99Ms).toFixed(1),
          'p99 to bare': of((run, first) => run.p99Ms / first.p99Ms).toFixed(2),
          'µs CPU/event': Math.round(of(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)),
          'peak RSS MB': Math.round(of(({ rssMb }) => rssMb)),
          refused: table.reduce((sum, runs) => sum + at(runs, index).refused, 0),
        };
      }),
    };
  });
}

async function run({ name, pid, port }: Server, seconds: number): Promise<Run> {
  progress(name);
  const before = usageOf(pid).cpuSeconds;
  const report = await underLoad({ port, connections: CONNECTIONS, seconds });
  const { cpuSeconds, peakMb } = usageOf(pid);
  return { ...report, cpuMicrosPerEvent: ((cpuSeconds - before) / report.accepted) * 1e6, rssMb: peakMb };
}

function perSecond({ accepted, seconds }: Run): number {
  return accepted / seconds;
}

function at(runs: readonly Run[], index: number): Run {
  const found = runs[index];
  if (found === undefined) throw new Error('a run is missing');
  return found;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
