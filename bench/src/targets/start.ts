import { freePort, openRunFolder, startApp, startRabbitMQ, startRedis } from '@pdaltagent/testing';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { log } from '../delivery/servers';
import { type Figure } from './figure';

/** How long a start takes: of everything on a prepared machine, and of a service once the broker is there. */
export async function measureStart(): Promise<readonly Figure[]> {
  log('npm start -- --check');
  const from = performance.now();
  const check = spawnSync(process.execPath, ['tools/start.mjs', '--check'], { encoding: 'utf8' });
  if (check.status !== 0) throw new Error(`npm start -- --check failed:\n${check.stdout}${check.stderr}`);
  const whole = (performance.now() - from) / 1000;
  const ready = await secondsAfterBroker();
  return [
    { work: 'npm start -- --check, s', ours: whole.toFixed(1), bare: '', value: whole, target: { atMost: 12 } },
    { work: 'ready after the broker, s', ours: ready.toFixed(2), bare: '', value: ready, target: { atMost: 1 } },
  ];
}

/** Of the gateway and the worker, which wait for the broker: the later of them. */
async function secondsAfterBroker(): Promise<number> {
  log('services that wait for the broker');
  const folder = openRunFolder('bench-start');
  const part = (name: string) => path.join(folder.path, name);
  const [broker, redis] = await Promise.all([
    startRabbitMQ({ folder: part('rabbitmq') }),
    startRedis({ folder: part('redis') }),
  ]);
  try {
    await broker.stop();
    const env = { PDAGENTD_AMQP_URL: broker.url, PDAGENTD_REDIS_URL: redis.url };
    const start = (name: string, more: Record<string, string>) =>
      startApp(name, { folder: part(name), env: { ...env, ...more }, until: 'alive' });
    const apps = await Promise.all([
      start('ingest-gateway', {
        PDAGENTD_HTTP_PORT: String(await freePort()),
        PDAGENTD_HTTPS_PORT: '0',
        PDAGENTD_STATE_DIR: part('state'),
      }),
      start('delivery-worker', {}),
    ]);
    try {
      await broker.restart();
      const from = performance.now();
      await Promise.all(apps.map((app) => app.waitFor('ready')));
      return (performance.now() - from) / 1000;
    } finally {
      await Promise.all(apps.map((app) => app.stop()));
    }
  } finally {
    await Promise.all([broker.stop(), redis.stop()]);
    folder.remove();
  }
}
