import { waitUntil } from '@pdaltagent/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { log } from '../delivery/servers';
import { type Load, underLoad } from '../ingest/processes';
import { type Gateway, metricOf, type Servers, withServers } from '../ingest/servers';
import { type Figure } from './figure';

const CONNECTIONS = 64;
/** So many that each waits long between its events, and the load does not depend on how long they take. */
const PACED_CONNECTIONS = 512;
const FULL_LOAD_SECONDS = 5;
const START_SECONDS = 15;
const OUTAGE_SECONDS = 30;
const SHRINKING_SECONDS = 20;
const DIRECT = 'pdaltagent_gateway_mode{mode="direct"}';
const ENTRIES = 'pdaltagent_gateway_spool_entries';
/** How long the load goes on after an outage. */
const RECOVERY_SECONDS = 90;

/** How soon events go directly to the broker: after the start, and after an outage. */
export function measureRecovery(): Promise<readonly Figure[]> {
  return withServers(async (servers) => {
    const start = await directAfterStart(servers);
    const gateway = await servers.startGateway('after-outage');
    log('full load');
    const full = await underLoad({ port: gateway.port, connections: CONNECTIONS, seconds: FULL_LOAD_SECONDS });
    const capacity = full.accepted / full.seconds;
    const half = await afterOutage(servers, gateway, 0.5 * capacity, () => secondsUntilDirect(gateway));
    await waitUntil(async () => (await metricOf(gateway, ENTRIES)) === 0, {
      what: 'an empty spool',
      timeoutMs: 300_000,
    });
    const left = await afterOutage(servers, gateway, 0.8 * capacity, () => shareLeft(gateway));
    return [
      figure('direct after a start under full load, s', start, 1),
      figure(`direct after ${OUTAGE_SECONDS} s of outage at half load, s`, half, 60),
      figure(`backlog left ${SHRINKING_SECONDS} s after an outage at 80 % load`, left, 0.95),
    ];
  });
}

function figure(work: string, value: number, atMost: number): Figure {
  return { work, ours: value.toFixed(2), bare: '', value, target: { atMost } };
}

/** Senders that try to connect before the gateway listens; seconds from the moment in which it is ready. */
async function directAfterStart({ startGateway }: Servers): Promise<number> {
  log('a start under full load');
  const gateway = await startGateway('at-start');
  await gateway.app.stop();
  const load = underLoad({ port: gateway.port, connections: CONNECTIONS, seconds: START_SECONDS });
  await gateway.app.restart();
  const seconds = await secondsUntilDirect(gateway);
  await load;
  await gateway.app.stop();
  return seconds;
}

/** Stops the broker under load, starts it again, and resolves with what is measured from then on. */
async function afterOutage(
  { broker }: Servers,
  { port }: Gateway,
  perSecond: number,
  measure: () => Promise<number>,
): Promise<number> {
  log(`an outage of ${OUTAGE_SECONDS} s at ${Math.round(perSecond)} events/s`);
  const paced: Load = {
    port,
    connections: PACED_CONNECTIONS,
    intervalMs: (PACED_CONNECTIONS / perSecond) * 1000,
    seconds: OUTAGE_SECONDS + RECOVERY_SECONDS,
  };
  const load = underLoad(paced);
  await broker.stop();
  await delay(OUTAGE_SECONDS * 1000);
  await broker.restart();
  const result = await measure();
  await load;
  return result;
}

async function secondsUntilDirect(gateway: Gateway): Promise<number> {
  const from = performance.now();
  await waitUntil(async () => (await metricOf(gateway, DIRECT)) === 1, {
    what: 'events to go directly to the broker',
    timeoutMs: 300_000,
    intervalMs: 20,
  });
  return (performance.now() - from) / 1000;
}

async function shareLeft(gateway: Gateway): Promise<number> {
  const before = await metricOf(gateway, ENTRIES);
  await delay(SHRINKING_SECONDS * 1000);
  return (await metricOf(gateway, ENTRIES)) / before;
}
