import { waitUntil } from '@pdaltagent/testing';
import { type BenchResult, log, progress } from '../delivery/servers';
import { usageOf } from '../delivery/usage';
import { underLoad } from './processes';
import { metricOf, withServers } from './servers';

const CONNECTIONS = 64;
const ENTRIES = 'pdaltagent_gateway_spool_entries';

/** Stops the broker, so that events go to the spool; starts it again, so that the spool drains. */
export function measureSpool(seconds: number): Promise<BenchResult> {
  return withServers(async ({ broker, startGateway }) => {
    const gateway = await startGateway('gateway');
    await broker.stop();
    log(`spooling for ${seconds} s`);
    const report = await underLoad({ port: gateway.port, connections: CONNECTIONS, seconds });
    const held = await metricOf(gateway, ENTRIES);
    log(`draining ${held} events`);
    await broker.restart();
    const left = async () => {
      const entries = await metricOf(gateway, ENTRIES);
      progress(`${entries} left`);
      return { entries, at: performance.now() };
    };
    const within = { timeoutMs: 300_000, intervalMs: 20 };
    const from = await waitUntil(
      async () => {
        const now = await left();
        return now.entries < held && now;
      },
      { what: 'the drain to begin', ...within },
    );
    const to = await waitUntil(
      async () => {
        const now = await left();
        return now.entries === 0 && now;
      },
      { what: 'the spool to be empty', ...within },
    );
    return {
      conditions: `${CONNECTIONS} keep-alive connections, v2 events of 600 B; the drain without load, into quorum queues`,
      rows: [
        {
          'accepted/s, synced': Math.round(report.accepted / report.seconds),
          'p99 ms': report.p99Ms.toFixed(1),
          refused: report.refused,
          'drained/s': Math.round((from.entries / (to.at - from.at)) * 1000),
          'peak RSS MB': Math.round(usageOf(gateway.app.pid).peakMb),
        },
      ],
    };
  });
}
