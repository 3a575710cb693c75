import { type AppProcess, openRunFolder, startApp, startRabbitMQ, startRedis, waitUntil } from '@pdaltagent/testing';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { Receiver } from './receiver';

/** A table of figures, and the conditions under which they were measured. */
export interface BenchResult {
  readonly conditions: string;
  readonly rows: readonly Record<string, string | number>[];
}

/** A simulated PagerDuty, one poller, one sender, and a receiver that answers immediately. */
export interface Setup {
  readonly poller: AppProcess;
  readonly sender: AppProcess;
  readonly receiver: Receiver;
  /** Writes log entries of several incidents, `spacingMs` apart; resolves with the time at which each becomes visible, by id. */
  readonly write: (count: number, spacingMs: number) => Promise<ReadonlyMap<string, number>>;
}

const INCIDENTS = 50;
const FIRST_MS = 500;
const entries = z.object({ log_entries: z.array(z.object({ id: z.string(), visibleAt: z.number() })) });

/** Progress goes to stderr, so that stdout has the table only. */
export function log(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Starts private servers and the services, and stops them after `measure`. */
export async function withSetup<Result>(
  intervalSeconds: number,
  measure: (account: Setup) => Promise<Result>,
): Promise<Result> {
  const folder = openRunFolder('bench-webhooks');
  const part = (name: string) => {
    const made = path.join(folder.path, name);
    mkdirSync(made, { recursive: true });
    return made;
  };
  log('starting RabbitMQ, Redis, simulator, poller and sender');
  const [broker, redis, simulator, receiver] = await Promise.all([
    startRabbitMQ({ folder: part('rabbitmq') }),
    startRedis({ folder: part('redis') }),
    startApp('pagerduty-simulator', { folder: part('simulator'), env: { SIMULATOR_PORT: '0' } }),
    Receiver.start(),
  ]);
  const env = {
    PDAGENTD_AMQP_URL: broker.url,
    PDAGENTD_REDIS_URL: redis.url,
    PDAGENTD_API_BASE_URL: simulator.url,
    PDAGENTD_API_TOKEN: 'y_NbAkKc66ryYTWUXYEu',
    PDAGENTD_POLLING_INTERVAL_SECONDS: String(intervalSeconds),
    PDAGENTD_WEBHOOK_DEST_URL: receiver.url,
  };
  const [poller, sender] = await Promise.all([
    startApp('log-poller', { folder: part('poller'), env }),
    startApp('webhook-sender', { folder: part('sender'), env }),
  ]);
  try {
    const control = `${simulator.url}/_control/log_entries`;
    const account = {
      poller,
      sender,
      receiver,
      write: (count: number, spacing: number) => write(control, count, spacing),
    };
    await warmUp(account);
    return await measure(account);
  } finally {
    await Promise.all([poller, sender].map((app) => app.stop()));
    await Promise.all([simulator.stop(), receiver.stop(), broker.stop(), redis.stop()]);
    folder.remove();
  }
}

/** Opens the incidents, warms up code and establishes connections. */
async function warmUp({ write: writeSome, receiver }: Setup): Promise<void> {
  await waitForWebhooks(receiver, await writeSome(2 * INCIDENTS, 1), 'the first webhooks');
}

/** Resolves once all of them have arrived. */
export async function waitForWebhooks(
  receiver: Receiver,
  ids: ReadonlyMap<string, number>,
  what: string,
): Promise<void> {
  const all = [...ids.keys()];
  await waitUntil(() => all.every((id) => receiver.arrivedAt.has(id)), { what, timeoutMs: 300_000, intervalMs: 250 });
}

async function write(control: string, count: number, spacingMs: number): Promise<ReadonlyMap<string, number>> {
  const known = new Set((await listed(control)).map(({ id }) => id));
  const now = Date.now() + FIRST_MS;
  const scripts = Array.from({ length: count }, (_, index) => ({
    dedupKey: `incident-${index % INCIDENTS}`,
    createdAt: new Date(now + index * spacingMs).toISOString(),
    visibleAfterMs: FIRST_MS + index * spacingMs,
  }));
  const response = await fetch(control, { method: 'POST', body: JSON.stringify(scripts) });
  if (!response.ok) throw new Error(await response.text());
  const written = (await listed(control)).filter(({ id }) => !known.has(id));
  return new Map(written.map(({ id, visibleAt }) => [id, visibleAt]));
}

async function listed(control: string) {
  return entries.parse(await (await fetch(control)).json()).log_entries;
}

/** Delays from appearance to webhook, in milliseconds, ascending. */
export function delaysOf(receiver: Receiver, appeared: ReadonlyMap<string, number>): number[] {
  return [...appeared].map(([id, at]) => (receiver.arrivedAt.get(id) ?? NaN) - at).sort((a, b) => a - b);
}

export function percentile(ascending: readonly number[], share: number): number {
  return Math.round(ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? NaN);
}
