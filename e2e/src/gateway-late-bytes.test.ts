import { type AppProcess, startApp, testServers, waitUntil } from '@pdaltagent/testing';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { GatewayRig } from './gateway.fixture';
import { askSimulator } from './simulator-control.fixture';
import { routingKeys } from './traffic.fixture';

const received = z.object({ events: z.array(z.object({ action: z.string(), dedupKey: z.string() })) });

/** A heartbeat (AMQP 0-9-1, 4.2.7): the broker closes a connection without any. */
const isHeartbeat = (piece: Buffer): boolean => piece.equals(Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]));

describe('a network that delivers data of a connection long after it was given up', () => {
  let rig: GatewayRig;
  let simulator: AppProcess;
  let workers: AppProcess[];

  beforeAll(async () => {
    const { amqpUrl, redisUrl } = await testServers();
    rig = await GatewayRig.start('e2e-late-bytes', { amqpUrl, env: { PDAGENTD_CONFIRM_TIMEOUT_MS: '1000' } });
    const folder = (name: string): string => {
      const made = path.join(rig.folder.path, name);
      mkdirSync(made, { recursive: true });
      return made;
    };
    simulator = await startApp('pagerduty-simulator', { folder: folder('simulator'), env: { SIMULATOR_PORT: '0' } });
    const env = {
      PDAGENTD_AMQP_URL: amqpUrl,
      PDAGENTD_REDIS_URL: redisUrl,
      PDAGENTD_EVENTS_BASE_URL: simulator.url ?? '',
    };
    workers = await Promise.all(
      ['first', 'second'].map((name) => startApp('delivery-worker', { folder: folder(name), env })),
    );
  });
  afterAll(async () => {
    await Promise.all([...workers, simulator].map((app) => app.stop()));
    await rig.stop();
  });

  async function send(routing_key: string, event_action: string, dedup_key: string): Promise<void> {
    const payload = { summary: 's', source: 'db1', severity: 'critical' };
    const response = await fetch(`http://127.0.0.1:${rig.port}/v2/enqueue`, {
      method: 'POST',
      body: JSON.stringify({ routing_key, event_action, dedup_key, payload }),
    });
    expect(response.status).toBe(202);
  }

  async function actionsOf(dedupKey: string): Promise<string[]> {
    const { events } = received.parse(await askSimulator(simulator.url ?? '', 'GET', '/events'));
    return events.filter((event) => event.dedupKey === dedupKey).map(({ action }) => action);
  }

  it('does not reopen an alert that was resolved since: late copies are dropped', async () => {
    const keys = routingKeys(4);
    const alerts = keys.map((key, index) => ({ key, name: `alert-${index}` }));
    rig.proxy.holdBack(isHeartbeat);
    const before = rig.proxy.accepted;
    await Promise.all(alerts.map(({ key, name }) => send(key, 'trigger', name)));
    await waitUntil(() => rig.proxy.accepted > before, { what: 'the connection to be given up' });
    await rig.waitForMode('direct');
    await Promise.all(alerts.map(({ key, name }) => send(key, 'resolve', name)));
    await waitUntil(
      async () =>
        (await Promise.all(alerts.map(({ name }) => actionsOf(name)))).every((actions) => actions.length === 2),
      { what: 'both events of every alert' },
    );
    expect(await rig.proxy.release()).toBeGreaterThan(0);
    const repeats = () =>
      Promise.all(workers.map(async ({ url }) => repeatsIn(await (await fetch(`${url}/metrics`)).text())));
    await waitUntil(async () => (await repeats()).reduce((sum, count) => sum + count, 0) >= alerts.length, {
      what: 'the late copies to be dropped',
      timeoutMs: 60_000,
    });
    for (const { name } of alerts) expect([name, await actionsOf(name)]).toEqual([name, ['trigger', 'resolve']]);
  });
});

function repeatsIn(metrics: string): number {
  return Number(/^pdaltagent_\w*repeat\w*(?:\{[^}]*\})? (\d+)/m.exec(metrics)?.[1] ?? 0);
}
