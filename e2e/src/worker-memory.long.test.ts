import { EVENTS, laneOf, type OutgoingMessage, Publisher } from '@pdaltagent/messaging';
import {
  type AppProcess,
  openRunFolder,
  type RabbitMQ,
  type Redis,
  startApp,
  startRabbitMQ,
  startRedis,
  waitUntil,
} from '@pdaltagent/testing';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { metric } from './faults.fixture';

/** Near PagerDuty's limit of 512 KB. */
const BODY_BYTES = 500_000;
/** Lanes with a throttled key, whose events fill more than the window of a siding. */
const THROTTLED_LANES = 4;
const THROTTLED_EVENTS = 100;
const EVENTS_PER_LANE = 30;
const RESPONSE_MS = 50;
const FINISH_MS = 300_000;

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const posted = z.object({ routing_key: z.string(), dedup_key: z.string() });

/** The n-th well-formed routing key of a lane. */
function keyOf(lane: number, which: number): string {
  const keys = Array.from({ length: 2_000 }, (_, index) => `key${index}`.padEnd(32, 'x'));
  return keys.filter((key) => laneOf(EVENTS, key) === lane)[which] ?? '';
}

function eventOf(routingKey: string, sequence: number): OutgoingMessage {
  const head = `{"routing_key":"${routingKey}","event_action":"trigger","dedup_key":"${sequence}","payload":{"summary":"s","source":"s","severity":"info","custom_details":"`;
  return {
    id: `${routingKey.trim()}-${sequence}`,
    type: 'v2',
    action: 'trigger',
    routingKey,
    orderKey: `${routingKey}:alert`,
    body: Buffer.from(`${head.padEnd(BODY_BYTES, 'x')}"}}`),
    contentType: 'application/json',
    receivedAt: Date.now(),
  };
}

/** The limit of a delivery-worker in the Kubernetes manifests; megabytes. */
function limitMb(): number {
  const file = path.join(__dirname, '../../deploy/kubernetes/base/delivery-worker.yaml');
  const [, amount = ''] = /limits: \{ memory: (\d+)Gi \}/.exec(readFileSync(file, 'utf8')) ?? [];
  return Number(amount) * 1024;
}

/** The most memory that a process has had so far; megabytes. */
function peakMb({ pid }: AppProcess): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** PagerDuty, which throttles some keys until it is told not to. */
class Destination {
  /** Numbers of the delivered events of each key, in order. */
  readonly delivered = new Map<string, { readonly sequence: number; readonly at: number }[]>();
  throttled: ReadonlySet<string> = new Set();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#respond(request).then((status) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(status === 202 ? '{"status":"success","message":"","dedup_key":""}' : '{}');
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  countOf(keys: readonly string[]): number {
    return keys.reduce(
      (sum, key) => sum + new Set(this.delivered.get(key)?.map(({ sequence }) => sequence) ?? []).size,
      0,
    );
  }

  async #respond(request: IncomingMessage): Promise<number> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // The worker was killed.
      return 400;
    }
    const { routing_key: key, dedup_key: sequence } = posted.parse(JSON.parse(Buffer.concat(chunks).toString()));
    await delay(RESPONSE_MS);
    if (this.throttled.has(key)) return 429;
    const delivered = this.delivered.get(key) ?? [];
    this.delivered.set(key, delivered);
    delivered.push({ sequence: Number(sequence), at: performance.now() });
    return 202;
  }
}

describe('a worker with a backlog of large events in every lane and in sidings', () => {
  const folder = openRunFolder('e2e-worker-memory');
  const destination = new Destination();
  const lanes = Array.from({ length: EVENTS.lanes }, (_, lane) => lane);
  const healthy = lanes.map((lane) => keyOf(lane, 0));
  const throttled = lanes.slice(0, THROTTLED_LANES).map((lane) => keyOf(lane, 1));
  let broker: RabbitMQ;
  let redis: Redis;
  let url: string;
  const workers: AppProcess[] = [];

  beforeAll(async () => {
    [broker, redis, url] = await Promise.all([
      startRabbitMQ({ folder: path.join(folder.path, 'rabbitmq') }),
      startRedis({ folder: path.join(folder.path, 'redis') }),
      destination.start(),
    ]);
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    destination.stop();
    await Promise.all([broker.stop(), redis.stop()]);
    folder.remove();
  });

  async function startWorker(): Promise<AppProcess> {
    const worker = await startApp('delivery-worker', {
      folder: path.join(folder.path, `worker-${workers.length}`),
      env: { PDAGENTD_AMQP_URL: broker.url, PDAGENTD_REDIS_URL: redis.url, PDAGENTD_EVENTS_BASE_URL: url },
    });
    workers.push(worker);
    return worker;
  }

  async function fill(keys: readonly string[], each: number): Promise<void> {
    const publisher = new Publisher({
      url: broker.url,
      name: 'test',
      laneGroup: EVENTS,
      queueType: 'quorum',
      log: silent,
    });
    publisher.start();
    await waitUntil(() => publisher.state() === 'connected', { what: 'the lanes', timeoutMs: 60_000 });
    for (let sequence = 0; sequence < each; sequence += 1)
      await Promise.all(keys.map((key) => publisher.publish(eventOf(key, sequence))));
    await publisher.close();
  }

  it('stays below the limit of the manifests, also after a restart, and delivers every lane in order', async () => {
    destination.throttled = new Set(throttled);
    await fill(throttled, THROTTLED_EVENTS);
    const first = await startWorker();
    await waitUntil(async () => (await metric(first, 'pdaltagent_keys_aside')) === THROTTLED_LANES, {
      what: 'the throttled keys to be parked',
      timeoutMs: 60_000,
    });
    await fill(healthy, EVENTS_PER_LANE);
    const total = healthy.length * EVENTS_PER_LANE;
    await waitUntil(() => destination.countOf(healthy) > total / 3, { what: 'a third', timeoutMs: FINISH_MS });
    const peaks = [peakMb(first)];
    await first.kill();
    const restarted = performance.now();
    const second = await startWorker();
    await waitUntil(() => destination.countOf(healthy) === total, { what: 'all lanes', timeoutMs: FINISH_MS });
    const healthySeconds = (performance.now() - restarted) / 1_000;
    destination.throttled = new Set();
    await waitUntil(() => destination.countOf(throttled) === THROTTLED_LANES * THROTTLED_EVENTS, {
      what: 'the keys in sidings',
      timeoutMs: FINISH_MS,
    });
    const seconds = (performance.now() - restarted) / 1_000;
    peaks.push(peakMb(second));
    const attempts = [...destination.delivered.values()].reduce((sum, { length }) => sum + length, 0);
    const gaps = healthy.map((key) => longestGap([restarted, ...timesOf(key).filter((at) => at > restarted)]));
    const megabytes = ((total + THROTTLED_LANES * THROTTLED_EVENTS) * BODY_BYTES) / 1e6;
    process.stdout.write(
      `${megabytes} MB: peak ${peaks.map((peak) => Math.round(peak)).join(' and ')} MB of ${limitMb()}; after the restart all lanes within ${healthySeconds.toFixed(1)} s, the sidings within ${seconds.toFixed(1)} s; longest pause of a lane ${(Math.max(...gaps) / 1_000).toFixed(1)} s; ${attempts - total - THROTTLED_LANES * THROTTLED_EVENTS} repeats\n`,
    );
    for (const key of [...healthy, ...throttled])
      expect(firstArrivals(key)).toEqual(Array.from({ length: firstArrivals(key).length }, (_, index) => index));
    expect(Math.max(...peaks)).toBeLessThan(limitMb() / 2);
    expect(await metric(second, 'pdaltagent_held_bytes')).toBe(0);
  });

  const timesOf = (key: string): readonly number[] => destination.delivered.get(key)?.map(({ at }) => at) ?? [];
  const firstArrivals = (key: string): readonly number[] => [
    ...new Set(destination.delivered.get(key)?.map(({ sequence }) => sequence)),
  ];
  const longestGap = (times: readonly number[]): number =>
    Math.max(...times.map((at, index) => at - (times[index - 1] ?? at)));
});
