import { freePort, openRunFolder, TestAuthority } from '@pdaltagent/testing';
import { median } from '../delivery/median';
import { startBareServer } from '../ingest/processes';
import { withServers } from '../ingest/servers';
import { at, type Loaded, perSecond, QUEUES, type Run, takeTurns } from '../ingest/speed';
import { type Figure, type Target } from './figure';

const SECONDS = 5;
const CONNECTIONS = 64;
/** Some only, in less time: the ratio must not depend on it. */
const OTHER_CONNECTIONS = [1, 8, 512];

/** Events accepted, compared to node:http and amqplib with as many queues. */
export async function measureAcceptance(rounds: number): Promise<readonly Figure[]> {
  const folder = openRunFolder('bench-accept');
  const certificate = await (await TestAuthority.create(folder.path)).issue('localhost');
  try {
    return await withServers(async ({ broker, startGateway }) => {
      const bare = await startBareServer(broker.url, QUEUES);
      const secureBare = await startBareServer(broker.url, QUEUES, certificate);
      const httpsPort = await freePort();
      const gateway = await startGateway('gateway', { PDAGENTD_HTTPS_PORT: String(httpsPort) });
      const scrubbing = await startGateway('scrubbing', { PDAGENTD_SCRUB_PII: 'true' });
      const http: Loaded[] = [
        { name: 'bare', pid: bare.pid, port: bare.port },
        { name: 'gateway', pid: gateway.app.pid, port: gateway.port },
      ];
      const https: Loaded[] = [
        { name: 'bare, HTTPS', pid: secureBare.pid, port: secureBare.port, overTls: true },
        { name: 'gateway, HTTPS', pid: gateway.app.pid, port: httpsPort, overTls: true },
      ];
      const load = (servers: readonly Loaded[], connections: number) =>
        takeTurns(broker.url, servers, {
          rounds,
          seconds: SECONDS,
          keys: CONNECTIONS,
          connections,
          bareQueues: QUEUES,
        });

      const table = await load(
        [...http, { name: 'scrubbing', pid: scrubbing.app.pid, port: scrubbing.port }],
        CONNECTIONS,
      );
      const figures: Figure[] = [
        rateOf('accept, 64 connections', table, 1, { atLeast: 0.8 }),
        latencyOf('accept, 64 connections: p99', table, 1, { atMost: 1.3 }),
        rateOf('accept, 64 connections, scrubbing', table, 2, { atLeast: 0.7 }),
      ];
      for (const connections of OTHER_CONNECTIONS) {
        const work = `accept, ${connections} connection${connections === 1 ? '' : 's'}`;
        figures.push(rateOf(work, await load(http, connections), 1, { atLeast: 0.8 }));
      }
      figures.push(rateOf('accept, 64 connections, HTTPS', await load(https, CONNECTIONS), 1, { atLeast: 0.8 }));
      bare.end();
      secureBare.end();
      return figures;
    });
  } finally {
    folder.remove();
  }
}

function rateOf(work: string, table: readonly Run[][], index: number, target: Target): Figure {
  return compared(work, table, index, target, perSecond, (rate) => `${Math.round(rate)}/s`);
}

function latencyOf(work: string, table: readonly Run[][], index: number, target: Target): Figure {
  return compared(
    work,
    table,
    index,
    target,
    ({ p99Ms }) => p99Ms,
    (ms) => `${ms.toFixed(1)} ms`,
  );
}

/** The ratio to the first server is computed within each round. */
function compared(
  work: string,
  table: readonly Run[][],
  index: number,
  target: Target,
  pick: (run: Run) => number,
  text: (value: number) => string,
): Figure {
  const medianOf = (server: number) => text(median(table.map((runs) => pick(at(runs, server)))));
  const value = median(table.map((runs) => pick(at(runs, index)) / pick(at(runs, 0))));
  return { work, ours: medianOf(index), bare: medianOf(0), value, target };
}
