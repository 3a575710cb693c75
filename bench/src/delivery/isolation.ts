import { EVENTS, laneOf, laneQueue, type OutgoingMessage, type Publisher } from '@pdaltagent/messaging';
import { waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type HelperProcess } from './helper-process';
import { eventBody, fill, messageOf } from './event';
import { type Bench, type BenchResult, log, progress, withServers } from './servers';

const LATENCY_MS = 20;
const EVENTS_PER_SECOND = 200;
const SECONDS = 60;
const BYTES = 600;
/** Number of keys that share the lane of the noisy ones. */
const NEIGHBOURS = 4;
const SLOW_MS = 500;
/** More than this cannot be moved while it arrives, on two cores. */
const NOISY_EVENTS_PER_SECOND = 1_250;
/** How often a share of them is published. */
const TICK_MS = 40;

/** Keys of one lane that delay others unless they are parked. */
interface Noise {
  readonly what: string;
  readonly keys: number;
  /** `throttled` as PagerDuty does, never answered, or answered after half a second. */
  readonly effect: 'throttled' | 'hangs' | 'slow';
  /** Whether each key's events are of one alert, and so sent one after another. */
  readonly isSerial: boolean;
  /** How fast their events arrive, in all; undefined: as fast as they can be published. */
  readonly eventsPerSecond?: number;
}

const KEYS_OF_A_LANE = keysOfOneLane();

const latencies = z.record(z.string(), z.array(z.number()));

/** Latency of other keys while PagerDuty throttles a key with a long backlog. */
export function measureIsolation(backlog: number): Promise<BenchResult> {
  return measureAll([{ what: 'a throttled key', keys: 1, effect: 'throttled', isSerial: false }], backlog);
}

/** The same while ten keys of one lane are slow, throttled, or hang. */
export function measureNoisyKeys(backlog: number): Promise<BenchResult> {
  const atOnce = { keys: 10, isSerial: true } as const;
  const noise = { ...atOnce, eventsPerSecond: NOISY_EVENTS_PER_SECOND };
  return measureAll(
    [
      { ...noise, what: `ten keys, answered in ${SLOW_MS} ms`, effect: 'slow' },
      { ...noise, what: 'ten keys that hang', effect: 'hangs' },
      { ...noise, what: 'ten throttled keys', effect: 'throttled' },
      { ...atOnce, what: `ten keys, answered in ${SLOW_MS} ms, all at once`, effect: 'slow' },
    ],
    backlog,
  );
}

async function measureAll(kinds: readonly Noise[], backlog: number): Promise<BenchResult> {
  const rows: Record<string, string | number>[] = [];
  for (const noise of kinds) rows.push(...(await withServers(LATENCY_MS, (bench) => measure(bench, noise, backlog))));
  return {
    conditions:
      `${EVENTS_PER_SECOND} events/s over 64 keys for ${SECONDS} s, PagerDuty answers in ${LATENCY_MS} ms; ` +
      `${backlog} events of each noisy key, of ten of them ${NOISY_EVENTS_PER_SECOND}/s unless at once`,
    rows,
  };
}

async function measure(bench: Bench, noise: Noise, backlog: number): Promise<Record<string, string | number>[]> {
  const noisy = KEYS_OF_A_LANE.slice(NEIGHBOURS, NEIGHBOURS + noise.keys);
  const neighbours = KEYS_OF_A_LANE.slice(0, NEIGHBOURS);
  const others = keysOfOtherLanes().slice(0, 60);
  const publisher = await bench.publisher();
  const { destination } = bench;
  await destination.ask(`noise ${JSON.stringify({ keys: noisy, effect: noise.effect, ms: SLOW_MS })}`);
  await bench.startWorker();
  const listen = (what: string) => traffic(publisher, destination, [...neighbours, ...others], what);
  await listen('warming up');
  const before = await listen('without noise');
  log(`queueing ${backlog} events of ${noise.what}`);
  const begun = performance.now();
  const isQueued = queueNoise(publisher, noisy, noise, backlog);
  const meanwhile = listen('while the backlog is queued');
  await isQueued;
  const queued = performance.now();
  await parked(bench);
  const aside = performance.now();
  const during = await meanwhile;
  const after = await listen('during the backlog');
  await publisher.close();
  log(`queued in ${((queued - begun) / 1000).toFixed(1)} s, parked ${((aside - queued) / 1000).toFixed(1)} s later`);
  const row = (where: string, keys: readonly string[]) => ({
    noise: noise.what,
    'p99 from acceptance to PagerDuty': where,
    'without it (ms)': p99(before, keys),
    'while it is queued (ms)': p99(during, keys),
    'after that (ms)': p99(after, keys),
  });
  return [row('keys of the same lane', neighbours), row('keys of other lanes', others)];
}

function queueNoise(publisher: Publisher, keys: readonly string[], noise: Noise, backlog: number): Promise<void> {
  const { isSerial, eventsPerSecond } = noise;
  const event = (index: number): OutgoingMessage => {
    const key = keys[index % keys.length] ?? '';
    const message = messageOf(`noisy-${index}`, key, BYTES);
    return isSerial ? { ...message, orderKey: `${key}:one`, body: eventBody(key, 'one', BYTES) } : message;
  };
  const total = backlog * keys.length;
  return eventsPerSecond === undefined
    ? fill(publisher, total, event)
    : publishEvenly(publisher, total, event, eventsPerSecond);
}

async function publishEvenly(
  publisher: Publisher,
  total: number,
  event: (index: number) => OutgoingMessage,
  perSecond: number,
): Promise<void> {
  const started = performance.now();
  const each = (perSecond * TICK_MS) / 1000;
  const sent: Promise<void>[] = [];
  for (let first = 0; first < total; first += each) {
    const due = started + (first * 1000) / perSecond - performance.now();
    if (due > 0) await delay(due);
    for (let index = first; index < Math.min(first + each, total); index += 1)
      sent.push(publisher.publish(event(index)));
  }
  await Promise.all(sent);
}

/** Resolves once practically all events of the noisy keys have left their lane. */
async function parked({ amqpUrl }: Bench): Promise<void> {
  const connection = await connect(amqpUrl);
  const channel = await connection.createChannel();
  const queue = laneQueue(EVENTS, laneOf(EVENTS, KEYS_OF_A_LANE[0] ?? ''));
  await waitUntil(async () => (await channel.checkQueue(queue)).messageCount < 10, {
    what: 'the keys to be parked',
    timeoutMs: 600_000,
    intervalMs: 100,
  });
  await connection.close();
}

function candidates(): readonly string[] {
  return Array.from({ length: 10_000 }, (_, index) => `quiet${index}`.padEnd(32, 'x'));
}

function keysOfOneLane(): readonly string[] {
  return candidates().filter((key) => laneOf(EVENTS, key) === 0);
}

function keysOfOtherLanes(): readonly string[] {
  return candidates().filter((key) => laneOf(EVENTS, key) !== 0);
}

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

function p99(found: Readonly<Record<string, readonly number[]>>, keys: readonly string[]): string {
  const sorted = keys.flatMap((key) => found[key] ?? []).sort((left, right) => left - right);
  return (sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN).toFixed(1);
}
