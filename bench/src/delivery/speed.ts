import { waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { z } from 'zod';
import { HelperProcess } from './helper-process';
import { eventBody, fill, messageOf, routingKeyOf } from './event';
import { type Bench, type BenchResult, log, progress, withServers } from './servers';
import { usageOf } from './usage';

const LATENCY_MS = 100;
const CONCURRENCY = 256;
const ROUNDS = 3;
const BYTES = 600;
const BARE_QUEUE = 'bench.bare';

interface Run {
  readonly perSecond: number;
  readonly cpuMicrosPerEvent: number;
  readonly rssMb: number;
}

const counted = z.object({ count: z.number(), seconds: z.number() });

/** One worker compared to bare consumers; the three take turns, so that variations of the machine affect all of them. */
export function measureSpeed(events: number): Promise<BenchResult> {
  return withServers(LATENCY_MS, async (bench) => {
    const runs = { 'bare, node:http': [] as Run[], 'bare, axios': [] as Run[], 'delivery-worker': [] as Run[] };
    for (let round = 1; round <= ROUNDS; round += 1) {
      log(`round ${round} of ${ROUNDS}`);
      runs['bare, node:http'].push(await runBare(bench, 'node:http', events));
      runs['bare, axios'].push(await runBare(bench, 'axios', events));
      runs['delivery-worker'].push(await runWorker(bench, round, events));
    }
    const medians = Object.entries(runs).map(([name, of]) => ({ name, ...medianRun(of) }));
    const ours = medianRun(runs['delivery-worker']);
    return {
      conditions: `${ROUNDS} rounds of ${events} events of ${BYTES} B, PagerDuty answers in ${LATENCY_MS} ms, concurrency ${CONCURRENCY}`,
      rows: medians.map(({ name, perSecond, cpuMicrosPerEvent, rssMb }) => ({
        '': name,
        'deliveries/s': Math.round(perSecond),
        'µs CPU/event': Math.round(cpuMicrosPerEvent),
        'RSS MB': Math.round(rssMb),
        'worker / this': (ours.perSecond / perSecond).toFixed(2),
        'CPU worker / this': (ours.cpuMicrosPerEvent / cpuMicrosPerEvent).toFixed(2),
      })),
    };
  });
}

async function runBare({ amqpUrl, destination, destinationUrl }: Bench, client: string, events: number): Promise<Run> {
  await fillBare(amqpUrl, events);
  await destination.ask('reset');
  const url = `${destinationUrl}/v2/enqueue`;
  const consumer = new HelperProcess('bare-consumer', [client, amqpUrl, BARE_QUEUE, url, String(CONCURRENCY)]);
  const run = await measured(`bare, ${client}`, consumer.pid, destination, events);
  await consumer.end();
  return run;
}

async function runWorker(bench: Bench, round: number, events: number): Promise<Run> {
  const publisher = await bench.publisher();
  // A worker does not deliver an id again that was delivered in an earlier round.
  await fill(publisher, events, (index) => messageOf(`speed-${round}-${index}`, routingKeyOf(index), BYTES));
  await publisher.close();
  await bench.destination.ask('reset');
  const worker = await bench.startWorker({ PDAGENTD_DELIVERY_CONCURRENCY: String(CONCURRENCY) });
  const run = await measured('delivery-worker', worker.pid, bench.destination, events);
  await worker.stop();
  return run;
}

/** Measures from a tenth of the events to the last, to exclude the start. */
async function measured(name: string, pid: number, destination: HelperProcess, events: number): Promise<Run> {
  const reached = (target: number) =>
    waitUntil(
      async () => {
        const now = counted.parse(await destination.ask('count'));
        progress(`${name}: ${now.count} of ${events}`);
        return now.count >= target && { ...now, ...usageOf(pid) };
      },
      { what: `${name} to deliver`, timeoutMs: 600_000, intervalMs: 100 },
    );
  const start = await reached(events / 10);
  const end = await reached(events);
  const between = end.count - start.count;
  return {
    perSecond: between / (end.seconds - start.seconds),
    cpuMicrosPerEvent: ((end.cpuSeconds - start.cpuSeconds) / between) * 1e6,
    rssMb: end.peakMb,
  };
}

async function fillBare(amqpUrl: string, events: number): Promise<void> {
  const connection = await connect(amqpUrl);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(BARE_QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  for (let index = 0; index < events; index += 1) {
    channel.sendToQueue(BARE_QUEUE, eventBody(routingKeyOf(index), `bare-${index}`, BYTES), { persistent: true });
    if (index % 500 === 499) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  await connection.close();
}

function medianRun(runs: readonly Run[]): Run {
  const median = (pick: (run: Run) => number) => runs.map(pick).sort((a, b) => a - b)[runs.length >> 1] ?? Number.NaN;
  return {
    perSecond: median(({ perSecond }) => perSecond),
    cpuMicrosPerEvent: median(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent),
    rssMb: median(({ rssMb }) => rssMb),
  };
}
