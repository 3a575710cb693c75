import { type BenchResult } from '../delivery/servers';
import { withServers } from '../ingest/servers';
import { at, perSecond, type Run, takeTurns } from '../ingest/speed';
import { type Measured, rowOf } from './pairs';

const CONNECTIONS = 64;

/** Events accepted by a gateway that writes the journal, and by one that does not. */
export function measureAcceptance(rounds: number, seconds: number): Promise<BenchResult> {
  return withServers(async ({ broker, startGateway }) => {
    const off = await startGateway('without-journal', { PDAGENTD_JOURNAL: 'false' });
    const on = await startGateway('with-journal');
    const servers = [
      { name: 'without the journal', pid: off.app.pid, port: off.port },
      { name: 'with the journal', pid: on.app.pid, port: on.port },
    ];
    const plan = { rounds, seconds, keys: CONNECTIONS, connections: CONNECTIONS, bareQueues: [] };
    const table = await takeTurns(broker.url, servers, plan);
    return {
      conditions: `${rounds} rounds of ${seconds} s each, ${CONNECTIONS} keep-alive connections, v2 events of 600 B; medians of the rounds’ ratios`,
      rows: [
        rowOf(
          'accept',
          table.map((runs) => ({ without: measuredIn(at(runs, 0)), withJournal: measuredIn(at(runs, 1)) })),
        ),
      ],
    };
  });
}

function measuredIn(run: Run): Measured {
  const { cpuMicrosPerEvent, rssMb } = run;
  return { perSecond: perSecond(run), cpuMicrosPerEvent, rssMb };
}
