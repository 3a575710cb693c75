import { EVENTS, laneQueue, Publisher } from '@pdaltagent/messaging';
import { openRunFolder, startApp, startRabbitMQ, startRedis, waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { Child } from './delivery/child';

const EVENTS_PER_RUN = Number(process.argv[2] ?? 20_000);
const LATENCY_MS = 100;
const CONCURRENCY = 256;
const KEYS = 64;
const BARE_QUEUE = 'bench.bare';

interface Result {
  readonly name: string;
  readonly perSecond: number;
  readonly cpuMicrosPerEvent: number;
  readonly rssMb: number;
}

const counted = z.object({ count: z.number(), seconds: z.number() });
const listening = z.object({ port: z.number() });

const body = (index: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      routing_key: `key${index % KEYS}`.padEnd(32, 'x'),
      event_action: 'trigger',
      dedup_key: `alert-${index}`,
      payload: {
        summary: 'Disk is full',
        source: 'db1',
        severity: 'critical',
        custom_details: { pad: 'x'.repeat(400) },
      },
    }),
  );

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** CPU time and memory of a process as the kernel counts them. */
function usageOf(pid: number): { readonly cpuSeconds: number; readonly rssMb: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100, rssMb: Number(rss) / 1024 };
}

/** From a tenth of the events to the last: starting up is not what is compared. */
async function measured(name: string, pid: number, destination: Child): Promise<Result> {
  const reached = (target: number) =>
    waitUntil(
      async () => {
        const now = counted.parse(await destination.ask('count'));
        if (process.stderr.isTTY) process.stderr.write(`\r  ${name}: ${now.count} of ${EVENTS_PER_RUN}   `);
        return now.count >= target && { ...now, ...usageOf(pid) };
      },
      { what: `${name} to deliver`, timeoutMs: 300_000, intervalMs: 100 },
    );
  const start = await reached(EVENTS_PER_RUN / 10);
  const end = await reached(EVENTS_PER_RUN);
  if (process.stderr.isTTY) process.stderr.write('\r');
  const events = end.count - start.count;
  return {
    name,
    perSecond: events / (end.seconds - start.seconds),
    cpuMicrosPerEvent: ((end.cpuSeconds - start.cpuSeconds) / events) * 1e6,
    rssMb: end.rssMb,
  };
}

async function main(): Promise<void> {
  const folder = openRunFolder('bench-delivery');
  const part = (name: string) => {
    const made = path.join(folder.path, name);
    mkdirSync(made, { recursive: true });
    return made;
  };
  say('starting RabbitMQ and Redis');
  const [broker, redis] = await Promise.all([
    startRabbitMQ({ folder: part('rabbitmq') }),
    startRedis({ folder: part('redis') }),
  ]);
  const destination = new Child('destination', [String(LATENCY_MS)]);
  const results: Result[] = [];
  try {
    const { port } = listening.parse(await destination.ask());
    const url = `http://127.0.0.1:${port}`;
    for (const client of ['node:http', 'axios']) {
      say(`bare consumer (${client}): queueing ${EVENTS_PER_RUN} events`);
      await fillBare(broker.url);
      await destination.ask('reset');
      const consumer = new Child('bare-consumer', [
        client,
        broker.url,
        BARE_QUEUE,
        `${url}/v2/enqueue`,
        String(CONCURRENCY),
      ]);
      results.push(await measured(`bare, ${client}`, consumer.pid, destination));
      await consumer.end();
    }
    say(`delivery-worker: queueing ${EVENTS_PER_RUN} events`);
    await fillLanes(broker.url);
    await destination.ask('reset');
    const worker = await startApp('delivery-worker', {
      folder: part('worker'),
      env: {
        PDAGENTD_AMQP_URL: broker.url,
        PDAGENTD_REDIS_URL: redis.url,
        PDAGENTD_EVENTS_BASE_URL: url,
        PDAGENTD_DELIVERY_CONCURRENCY: String(CONCURRENCY),
      },
    });
    results.push(await measured('delivery-worker', worker.pid, destination));
    await worker.stop();
  } finally {
    await destination.end();
    await Promise.all([broker.stop(), redis.stop()]);
    folder.remove();
  }
  report(results);
}

async function fillBare(amqpUrl: string): Promise<void> {
  const connection = await connect(amqpUrl);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(BARE_QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  for (let index = 0; index < EVENTS_PER_RUN; index += 1) {
    channel.sendToQueue(BARE_QUEUE, body(index), { persistent: true });
    if (index % 500 === 499) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  await connection.close();
}

async function fillLanes(amqpUrl: string): Promise<void> {
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const publisher = new Publisher({ url: amqpUrl, name: 'bench', family: EVENTS, queueType: 'quorum', log: silent });
  publisher.start();
  await waitUntil(() => publisher.state() === 'connected', { what: `the lanes (${laneQueue(EVENTS, 0)} …)` });
  for (let start = 0; start < EVENTS_PER_RUN; start += 500) {
    const batch = Array.from({ length: Math.min(500, EVENTS_PER_RUN - start) }, (_, offset) => start + offset);
    await Promise.all(batch.map((index) => publisher.publish(messageOf(index))));
  }
  await publisher.close();
}

function messageOf(index: number) {
  const routingKey = `key${index % KEYS}`.padEnd(32, 'x');
  return {
    id: `bench-${index}`,
    type: 'v2' as const,
    routingKey,
    orderKey: `${routingKey} alert-${index}`,
    body: body(index),
    contentType: 'application/json',
    receivedAt: Date.now(),
  };
}

function report(results: readonly Result[]): void {
  const ours = results.at(-1);
  const rows = results.map(({ name, perSecond, cpuMicrosPerEvent, rssMb }) => ({
    '': name,
    'deliveries/s': Math.round(perSecond),
    'µs CPU/event': Math.round(cpuMicrosPerEvent),
    'RSS MB': Math.round(rssMb),
    'ours / this': ours === undefined ? '' : (ours.perSecond / perSecond).toFixed(2),
    'CPU ours / this': ours === undefined ? '' : (ours.cpuMicrosPerEvent / cpuMicrosPerEvent).toFixed(2),
  }));
  console.log(
    `${cpus().length} cores, ${EVENTS_PER_RUN} events of 600 B, PagerDuty answers in ${LATENCY_MS} ms, concurrency ${CONCURRENCY}`,
  );
  console.table(rows);
  mkdirSync('bench/results', { recursive: true });
  writeFileSync(
    'bench/results/delivery.json',
    `${JSON.stringify({ cores: cpus().length, events: EVENTS_PER_RUN, results }, null, 2)}\n`,
  );
}

void main();
