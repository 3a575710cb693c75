import {
  type AppProcess,
  freePort,
  openRunFolder,
  type Server,
  startApp,
  startRabbitMQ,
  startRedis,
  waitUntil,
} from '@pdaltagent/testing';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

const SERVICES = ['webhook-sender', 'delivery-worker', 'log-poller', 'ingest-gateway'];

describe('services that are started before what they need', () => {
  const folder = openRunFolder('e2e-any-order');
  const running: (AppProcess | Server)[] = [];
  const part = (name: string) => {
    const made = path.join(folder.path, name);
    mkdirSync(made, { recursive: true });
    return made;
  };

  afterAll(async () => {
    for (const one of running.reverse()) await one.stop();
    folder.remove();
  });

  it('wait for it, log this once, and work as soon as it is available', async () => {
    const httpPort = await freePort();
    const simulator = await startApp('pagerduty-simulator', {
      folder: part('simulator'),
      env: { SIMULATOR_PORT: '0' },
    });
    running.push(simulator);
    const simulatorUrl = simulator.url ?? '';
    // Ports and passwords are known only after a first start.
    const broker = await startRabbitMQ({ folder: part('rabbitmq') });
    const redis = await startRedis({ folder: part('redis') });
    running.push(broker, redis);
    await Promise.all([broker.stop(), redis.stop()]);
    const env = {
      PDAGENTD_AMQP_URL: broker.url,
      PDAGENTD_REDIS_URL: redis.url,
      PDAGENTD_EVENTS_BASE_URL: simulatorUrl,
      PDAGENTD_API_BASE_URL: simulatorUrl,
      PDAGENTD_API_TOKEN: 'y_NbAkKc66ryYTWUXYEu',
      PDAGENTD_WEBHOOK_DEST_URL: `${simulatorUrl}/x-ere/${'w'.repeat(32)}`,
      PDAGENTD_POLLING_INTERVAL_SECONDS: '1',
      PDAGENTD_HTTP_PORT: String(httpPort),
      PDAGENTD_HTTPS_PORT: '0',
    };
    const services = new Map<string, AppProcess>();
    for (const name of SERVICES) {
      const service = await startApp(name, {
        folder: part(name),
        env: { ...env, PDAGENTD_STATE_DIR: part(`${name}-state`) },
        until: 'alive',
      });
      services.set(name, service);
      running.push(service);
    }
    for (const service of services.values()) await service.logged('that the broker is unreachable', isAbsence, 120_000);

    await Promise.all([broker.restart(), redis.restart()]);
    for (const service of services.values()) await service.waitFor('ready', 120_000);

    const response = await fetch(`http://127.0.0.1:${httpPort}/v2/enqueue`, {
      method: 'POST',
      body: JSON.stringify({
        routing_key: 'k'.repeat(32),
        event_action: 'trigger',
        dedup_key: 'disk',
        payload: { summary: 'Disk is full', source: 'db1', severity: 'error' },
      }),
    });
    expect(response.status).toBe(202);
    const arrived = (api: string) => async () => {
      const listed = await fetch(`${simulatorUrl}/_control/events?api=${api}&body=none&headers=false`);
      return /"total":[1-9]/.test(await listed.text());
    };
    await waitUntil(arrived('v2'), { what: 'the event to arrive', timeoutMs: 120_000 });
    await waitUntil(arrived('x-ere'), { what: 'its webhook to arrive', timeoutMs: 120_000 });
    for (const [name, { lines }] of services) {
      const said = lines.filter(isAbsence).map(({ message, connection }) => JSON.stringify([message, connection]));
      expect([name, said]).toEqual([name, [...new Set(said)]]);
    }
  }, 600_000);
});

describe('an invalid configuration', () => {
  it('makes the service exit with 78 and one message that names every invalid variable', () => {
    const main = path.join(__dirname, '../../dist/apps/ingest-gateway/main.js');
    const { status, stdout, stderr } = spawnSync(process.execPath, [main], {
      env: { PATH: process.env.PATH, PDAGENTD_HTTP_PORT: 'abc', PDAGENTD_SCRUB_PII: 'maybe' },
      encoding: 'utf8',
    });
    expect(status).toBe(78);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/PDAGENTD_HTTP_PORT is "abc": must be a whole number from 0 to 65535/);
    expect(stderr).toMatch(/PDAGENTD_SCRUB_PII is "maybe": must be /);
  });
});

function isAbsence({ message }: { readonly message: string }): boolean {
  return /\bunreachable\b/.test(message) && !/\bback\b/.test(message.replace(/until it is back/, ''));
}
