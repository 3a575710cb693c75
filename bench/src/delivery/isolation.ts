import { EVENTS, laneOf, laneQueue, type Publisher } from '@pdaltagent/messaging';
import { waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type HelperProcess } from './helper-process';
import { fill, messageOf } from './event';
import { type BenchResult, log, progress, withServers } from './servers';

const NOISY = 'noisy'.padEnd(32, 'x');
const LATENCY_MS = 20;
const EVENTS_PER_SECOND = 200;
const SECONDS = 60;
const BYTES = 600;
/** Number of keys that share the throttled key's lane. */
const NEIGHBOURS = 4;

const latencies = z.record(z.string(), z.array(z.number()));

/** Latency of other keys while PagerDuty throttles a key with a long backlog. */
export function measureIsolation(backlog: number): Promise<BenchResult> {
  const keys = Array.from({ length: 10_000 }, (_, index) => `quiet${index}`.padEnd(32, 'x'));
  const shares = (key: string) => laneOf(EVENTS, key) === laneOf(EVENTS, NOISY);
  const neighbours = keys.filter(shares).slice(0, NEIGHBOURS);
  const others = keys.filter((key) => !shares(key)).slice(0, 60);
  return withServers(LATENCY_MS, async (bench) => {
    const publisher = await bench.publisher();
    await bench.destination.ask(`throttle ${NOISY}`);
    await bench.startWorker();
    const listen = (what: string) => traffic(publisher, bench.destination, [...neighbours, ...others], what);
    const split = (found: Record<string, number[]>) => ({
      lane: p99(neighbours.flatMap((key) => found[key] ?? [])),
      rest: p99(others.flatMap((key) => found[key] ?? [])),
    });
    await listen('warming up');
    const without = split(await listen('without the backlog'));
    log(`queueing ${backlog} events of the throttled key`);
    const begun = performance.now();
    await fill(publisher, backlog, (index) => messageOf(`noisy-${index}`, NOISY, BYTES));
    const queued = performance.now();
    const connection = await connect(bench.amqpUrl);
    const channel = await connection.createChannel();
    await waitUntil(
      async () => (await channel.checkQueue(laneQueue(EVENTS, laneOf(EVENTS, NOISY)))).messageCount < 10,
      { what: 'the key to be parked', timeoutMs: 600_000, intervalMs: 100 },
    );
    const aside = performance.now();
    await connection.close();
    const beside = split(await listen('during the backlog'));
    await publisher.close();
    const seconds = (from: number, to: number) => `${((to - from) / 1000).toFixed(1)} s`;
    return {
      conditions: `${EVENTS_PER_SECOND} events/s over ${neighbours.length + others.length} keys for ${SECONDS} s, PagerDuty answers in ${LATENCY_MS} ms; ${backlog} events of a throttled key were queued in ${seconds(begun, queued)} and parked ${seconds(queued, aside)} later`,
      rows: [
        row('keys of the same lane', without.lane, beside.lane),
        row('keys of other lanes', without.rest, beside.rest),
      ],
    };
  });
}

const row = (name: string, without: number, beside: number) => ({
  'p99 from acceptance to PagerDuty': name,
  'without the backlog (ms)': without.toFixed(1),
  'during it (ms)': beside.toFixed(1),
  ratio: (beside / without).toFixed(2),
});

/** Sends for a minute and resolves with the milliseconds from acceptance to arrival, by routing key. */
async function traffic(
  publisher: Publisher,
  destination: HelperProcess,
  keys: readonly string[],
  what: string,
): Promise<Record<string, number[]>> {
  log(`${what}: ${SECONDS} s`);
  await destination.ask('reset');
  const total = EVENTS_PER_SECOND * SECONDS;
  const started = performance.now();
  const sent: Promise<void>[] = [];
  for (let index = 0; index < total; index += 1) {
    const due = started + (index * 1000) / EVENTS_PER_SECOND - performance.now();
    if (due > 0) await delay(due);
    sent.push(publisher.publish(messageOf(`${what}-${index}`, keys[index % keys.length] ?? '', BYTES)));
    if (index % EVENTS_PER_SECOND === 0) progress(`${what}: ${index} of ${total}`);
  }
  await Promise.all(sent);
  return waitUntil(
    async () => {
      const found = latencies.parse(await destination.ask('latencies'));
      const arrived = keys.reduce((sum, key) => sum + (found[key]?.length ?? 0), 0);
      return arrived >= total && found;
    },
    { what: `the events ${what}`, timeoutMs: 600_000 },
  );
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
}
