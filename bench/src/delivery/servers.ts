import { EVENTS, Publisher } from '@pdaltagent/messaging';
import {
  type AppProcess,
  openRunFolder,
  startApp,
  startRabbitMQ,
  startRedis,
  TestAuthority,
  waitUntil,
} from '@pdaltagent/testing';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { HelperProcess } from './helper-process';

/** A table of figures, and the conditions under which they were measured. */
export interface BenchResult {
  readonly conditions: string;
  readonly rows: readonly Record<string, string | number>[];
}

export interface Bench {
  readonly amqpUrl: string;
  readonly destination: HelperProcess;
  readonly destinationUrl: string;
  /** The authority of its certificate, with TLS. */
  readonly caFile: string | undefined;
  /** A connected publisher, so that the lanes are declared. */
  publisher(): Promise<Publisher>;
  startWorker(env?: Record<string, string>): Promise<AppProcess>;
}

const listening = z.object({ port: z.number() });
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Progress goes to stderr, so that stdout has the table only. */
export function log(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r  ${text}   `);
}

/** Starts private servers and a destination that answers after `latencyMs`, and stops them after `measure`. */
export async function withServers<Result>(
  latencyMs: number,
  measure: (bench: Bench) => Promise<Result>,
  { overTls = false } = {},
): Promise<Result> {
  const folder = openRunFolder('bench-delivery');
  const part = (name: string) => {
    const made = path.join(folder.path, name);
    mkdirSync(made, { recursive: true });
    return made;
  };
  log('starting RabbitMQ and Redis');
  const [broker, redis] = await Promise.all([
    startRabbitMQ({ folder: part('rabbitmq') }),
    startRedis({ folder: part('redis') }),
  ]);
  const authority = overTls ? await TestAuthority.create(part('tls')) : undefined;
  const pair = await authority?.issue('localhost');
  const destination = new HelperProcess('destination', [
    String(latencyMs),
    ...(pair === undefined ? [] : [pair.certificate, pair.key]),
  ]);
  const { port } = listening.parse(await destination.ask());
  const destinationUrl = overTls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  const workers: AppProcess[] = [];
  try {
    return await measure({
      amqpUrl: broker.url,
      destination,
      destinationUrl,
      caFile: authority?.file,
      publisher: () => connectedPublisher(broker.url),
      startWorker: async (env = {}) => {
        const worker = await startApp('delivery-worker', {
          folder: part(`worker-${workers.length}`),
          env: {
            PDAGENTD_AMQP_URL: broker.url,
            PDAGENTD_REDIS_URL: redis.url,
            PDAGENTD_EVENTS_BASE_URL: destinationUrl,
            PDAGENTD_CA_FILE: authority?.file,
            ...env,
          },
        });
        workers.push(worker);
        return worker;
      },
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
    await destination.end();
    await Promise.all([broker.stop(), redis.stop()]);
    folder.remove();
  }
}

async function connectedPublisher(url: string): Promise<Publisher> {
  const publisher = new Publisher({ url, name: 'bench', laneGroup: EVENTS, queueType: 'quorum', log: silent });
  publisher.start();
  await waitUntil(() => publisher.state() === 'connected', { what: 'the lanes', timeoutMs: 60_000 });
  return publisher;
}
