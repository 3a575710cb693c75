import { setTimeout as delay } from 'node:timers/promises';
import { type BenchResult, log, progress } from '../delivery/servers';
import { usageOf } from '../delivery/usage';
import { underLoad } from './processes';
import { metricOf, withServers } from './servers';

const CROWD = 10_000;
const CONNECTIONS = 64;
/** Interval of events on each idle connection; the gateway would close a connection without any. */
const PAUSE_MS = 8_000;
const SETTLE_SECONDS = 5;

/** 10,000 connections and full load at the same time, for a minute with the broker and for a minute with it blocked. */
export function measureMemory(seconds: number): Promise<BenchResult> {
  return withServers(async ({ broker, startGateway }) => {
    const gateway = await startGateway('gateway');
    const { pid } = gateway.app;
    const idleMb = usageOf(pid).rssMb;
    log(`opening ${CROWD} connections`);
    const watched = new PeakMemory(pid);
    const total = seconds * 2 + SETTLE_SECONDS * 2;
    const crowd = underLoad({
      port: gateway.port,
      connections: CROWD,
      seconds: total + SETTLE_SECONDS,
      intervalMs: PAUSE_MS,
    });
    await delay(SETTLE_SECONDS * 1000);
    const openMb = watched.take();
    log(`full load, ${seconds} s with the broker and ${seconds} s with it blocked`);
    const load = underLoad({ port: gateway.port, connections: CONNECTIONS, seconds: total });
    await delay(seconds * 1000);
    const loadMb = watched.take();
    await broker.setAlarm('memory', true);
    await delay(seconds * 1000);
    const blockedMb = watched.take();
    const spooled = await metricOf(gateway, 'pdaltagent_gateway_spool_entries');
    await broker.setAlarm('memory', false);
    const [report, crowdReport] = await Promise.all([load, crowd]);
    const drainMb = watched.take();
    watched.end();
    const row = (name: string, mb: number) => ({ '': name, 'peak RSS MB': Math.round(mb) });
    return {
      conditions: `${CONNECTIONS} connections at full load, ${CROWD} that send an event every ${PAUSE_MS / 1000} s; ${report.accepted + crowdReport.accepted} accepted, ${report.refused + crowdReport.refused} refused, ${spooled} spooled`,
      rows: [
        row('idle', idleMb),
        row(`${CROWD} connections`, openMb),
        row('and full load', loadMb),
        row('and the broker blocked', blockedMb),
        row('and draining', drainMb),
      ],
    };
  });
}

/** Peak memory of a process since the last reading. */
class PeakMemory {
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  constructor(pid: number) {
    this.#timer = setInterval(() => {
      const { rssMb } = usageOf(pid);
      progress(`${Math.round(rssMb)} MB`);
      this.#peak = Math.max(this.#peak, rssMb);
    }, 100);
  }

  take(): number {
    const peak = this.#peak;
    this.#peak = 0;
    return peak;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
