import { waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { z } from 'zod';
import { HelperProcess } from './helper-process';
import { eventBody, fill, messageOf, routingKeyOf } from './event';
import { median } from './median';
import { type Bench, type BenchResult, log, progress, withServers } from './servers';
import { usageOfAll } from './usage';

const LATENCY_MS = 100;
const CONCURRENCY = 256;
const ROUNDS = 3;
const BYTES = 600;
const BARE_QUEUE = 'bench.bare';

export interface Run {
  readonly perSecond: number;
  readonly cpuMicrosPerEvent: number;
  readonly rssMb: number;
}

/** What delivers the events of one run. */
export interface Contender {
  readonly name: string;
  readonly run: (round: number) => Promise<Run>;
}

const counted = z.object({ count: z.number(), seconds: z.number() });

/** One worker compared to bare consumers. */
export function measureSpeed(events: number): Promise<BenchResult> {
  return withServers(LATENCY_MS, async (bench) => {
    const contenders = [
      bareConsumer(bench, 'node:http', events),
      bareConsumer(bench, 'axios', events),
      deliveryWorkers(bench, 1, events),
    ];
    const runs = await takeTurns(contenders, ROUNDS);
    const medians = contenders.map(({ name }, at) => ({ name, ...medianRun(runs[at] ?? []) }));
    const ours = medianRun(runs.at(-1) ?? []);
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

/** They take turns, so that variations of the machine affect all of them. Resolves with the runs of each. */
export async function takeTurns(contenders: readonly Contender[], rounds: number): Promise<readonly Run[][]> {
  const runs = contenders.map((): Run[] => []);
  for (let round = 1; round <= rounds; round += 1) {
    log(`round ${round} of ${rounds}`);
    // Alternates the order, so that none always runs after the same other one.
    const turn = round % 2 === 0 ? [...contenders.entries()].reverse() : contenders.entries();
    for (const [at, contender] of turn) runs[at]?.push(await contender.run(round));
  }
  return runs;
}

/** amqplib and a client, and nothing else. */
export function bareConsumer(bench: Bench, client: 'node:http' | 'axios', events: number): Contender {
  const name = `bare, ${client}`;
  const run = async () => {
    const { amqpUrl, destination, destinationUrl, caFile } = bench;
    await fillBare(amqpUrl, events);
    await destination.ask('reset');
    const url = `${destinationUrl}/v2/enqueue`;
    const consumer = new HelperProcess('bare-consumer', [
      client,
      amqpUrl,
      BARE_QUEUE,
      url,
      String(CONCURRENCY),
      ...(caFile === undefined ? [] : [caFile]),
    ]);
    const result = await measured(name, [consumer.pid], destination, events);
    await consumer.end();
    return result;
  };
  return { name, run };
}

/** How workers are started, if not as usual. */
export interface WorkerVariant {
  readonly name: string;
  readonly env: Record<string, string>;
}

/** Workers that share the lanes; their CPU time and memory are added. */
export function deliveryWorkers(bench: Bench, count: number, events: number, variant?: WorkerVariant): Contender {
  const name = variant?.name ?? (count === 1 ? 'delivery-worker' : `${count} delivery-workers`);
  const run = async (round: number) => {
    const publisher = await bench.publisher();
    // A worker does not deliver an id again that was delivered in an earlier round.
    await fill(publisher, events, (index) => messageOf(`${name}-${round}-${index}`, routingKeyOf(index), BYTES));
    await publisher.close();
    await bench.destination.ask('reset');
    const env = { PDAGENTD_DELIVERY_CONCURRENCY: String(CONCURRENCY), ...variant?.env };
    const workers = await Promise.all(Array.from({ length: count }, () => bench.startWorker(env)));
    const pids = workers.map(({ pid }) => pid);
    const result = await measured(name, pids, bench.destination, events);
    await Promise.all(workers.map((worker) => worker.stop()));
    return result;
  };
  return { name, run };
}

/** Measures from a tenth of the events to the last, to exclude the start. */
async function measured(
  name: string,
  pids: readonly number[],
  destination: HelperProcess,
  events: number,
): Promise<Run> {
  const reached = (target: number) =>
    waitUntil(
      async () => {
        const now = counted.parse(await destination.ask('count'));
        progress(`${name}: ${now.count} of ${events}`);
        return now.count >= target && { ...now, ...usageOfAll(pids) };
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
  return {
    perSecond: median(runs.map(({ perSecond }) => perSecond)),
    cpuMicrosPerEvent: median(runs.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)),
    rssMb: median(runs.map(({ rssMb }) => rssMb)),
  };
}
