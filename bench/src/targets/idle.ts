import {
  freePort,
  openRunFolder,
  type RabbitMQ,
  type Redis,
  startApp,
  startRabbitMQ,
  startRedis,
} from '@pdaltagent/testing';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { log } from '../delivery/servers';
import { usageOfAll } from '../delivery/usage';
import { type Figure } from './figure';

const SECONDS = 60;
/** After the start, and after the services have ended. */
const SETTLE_SECONDS = 20;

/** Processor time while nothing happens: of our processes, and what they cost the broker. */
export async function measureIdle(): Promise<readonly Figure[]> {
  const folder = openRunFolder('bench-idle');
  const part = (name: string) => path.join(folder.path, name);
  const [broker, redis] = await Promise.all([
    startRabbitMQ({ folder: part('rabbitmq') }),
    startRedis({ folder: part('redis') }),
  ]);
  try {
    const { services, brokerBusy } = await withServices(broker, redis, part);
    log('the same queues without the services');
    await delay(SETTLE_SECONDS * 1000);
    const brokerAlone = await shareOfCore([broker.pid]);
    const percent = (share: number) => `${(share * 100).toFixed(2)} %`;
    return [
      {
        work: 'idle: our services, % of a core',
        ours: percent(services),
        bare: '',
        value: services * 100,
        target: { atMost: 2 },
      },
      {
        work: 'idle: the broker, % of a core more than alone',
        ours: percent(brokerBusy),
        bare: percent(brokerAlone),
        value: (brokerBusy - brokerAlone) * 100,
        target: { atMost: 1 },
      },
    ];
  } finally {
    await Promise.all([broker.stop(), redis.stop()]);
    folder.remove();
  }
}

async function withServices(broker: RabbitMQ, redis: Redis, part: (name: string) => string) {
  const servers = { PDAGENTD_AMQP_URL: broker.url, PDAGENTD_REDIS_URL: redis.url };
  const start = (name: string, env: Record<string, string>) => startApp(name, { folder: part(name), env });
  const simulator = await start('pagerduty-simulator', { SIMULATOR_PORT: '0' });
  const url = simulator.url ?? '';
  const webhooks = { ...servers, PDAGENTD_WEBHOOK_DEST_URL: `${url}/receiver` };
  const apps = await Promise.all([
    start('ingest-gateway', {
      ...servers,
      PDAGENTD_HTTP_PORT: String(await freePort()),
      PDAGENTD_HTTPS_PORT: '0',
      PDAGENTD_STATE_DIR: part('state'),
    }),
    start('delivery-worker', { ...servers, PDAGENTD_EVENTS_BASE_URL: url }),
    start('log-poller', { ...webhooks, PDAGENTD_API_BASE_URL: url, PDAGENTD_API_TOKEN: 'idle' }),
    start('webhook-sender', webhooks),
  ]);
  try {
    log(`idle for ${SECONDS} s`);
    await delay(SETTLE_SECONDS * 1000);
    const [services, brokerBusy] = await Promise.all([
      shareOfCore(apps.map(({ pid }) => pid)),
      shareOfCore([broker.pid]),
    ]);
    return { services, brokerBusy };
  } finally {
    await Promise.all([...apps, simulator].map((app) => app.stop()));
  }
}

async function shareOfCore(pids: readonly number[]): Promise<number> {
  const before = usageOfAll(pids).cpuSeconds;
  await delay(SECONDS * 1000);
  return (usageOfAll(pids).cpuSeconds - before) / SECONDS;
}
