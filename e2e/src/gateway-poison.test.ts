import { openRunFolder, type RabbitMQ, startRabbitMQ, waitUntil } from '@pdaltagent/testing';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { GatewayRig, LaneDrain } from './gateway.fixture';
import { routingKeys } from './traffic.fixture';

const LARGEST = 16 * 1024;
const EVENTS = 50;

describe('a broker that refuses messages over a size', () => {
  const folder = openRunFolder('e2e-gateway-poison-broker');
  let broker: RabbitMQ;
  let rig: GatewayRig;
  let arrivals: LaneDrain;
  const arrived = new Map<string, number>();

  beforeAll(async () => {
    // Its own broker, because the maximum size applies to all virtual hosts.
    broker = await startRabbitMQ({ folder: folder.path });
    await broker.setMaxMessageSize(LARGEST);
    rig = await GatewayRig.start('e2e-gateway-poison', { amqpUrl: broker.url });
    arrivals = await LaneDrain.start(rig.amqpUrl, (body) => {
      const { dedup_key: key } = JSON.parse(body.toString()) as { dedup_key: string };
      arrived.set(key, (arrived.get(key) ?? 0) + 1);
    });
  });
  afterAll(async () => {
    await arrivals.stop();
    await rig.stop();
    await broker.stop();
    folder.remove();
  });

  /** An event of exactly this size. */
  function event(routing_key: string, dedup_key: string, bytes: number): string {
    const of = (client: string) => JSON.stringify({ routing_key, event_action: 'resolve', dedup_key, client });
    return of('x'.repeat(Math.max(0, bytes - of('').length)));
  }

  function post(body: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${rig.port}/v2/enqueue`, { method: 'POST', body });
  }

  it('does not affect other events: exactly the refused ones are quarantined, and all others arrive', async () => {
    const good: string[] = [];
    const poison: string[] = [];
    const send = async (routingKey: string, dedupKey: string, bytes: number): Promise<void> => {
      expect([dedupKey, (await post(event(routingKey, dedupKey, bytes))).status]).toEqual([dedupKey, 202]);
      (bytes > LARGEST ? poison : good).push(dedupKey);
    };
    await Promise.all(
      routingKeys(8).flatMap((key, index) =>
        Array.from({ length: EVENTS }, (_, count) => {
          const size = [300, LARGEST - 1, LARGEST, LARGEST + 1, 300, 2 * LARGEST][count % 6] ?? 300;
          return send(key, `${index}-${count}`, size);
        }),
      ),
    );
    await waitUntil(() => good.every((key) => arrived.has(key)), {
      what: 'every event that is not refused',
      timeoutMs: 60_000,
    });
    await waitUntil(() => quarantined() === poison.length, {
      what: `${poison.length} events in the quarantine`,
      timeoutMs: 60_000,
    });
    await rig.waitForMode('direct');
    expect(poison.filter((key) => arrived.has(key))).toEqual([]);
    const metrics = await rig.metrics();
    expect(metrics).toContain(`pdaltagent_gateway_quarantined_total{problem="refused"} ${poison.length}`);
    expect(metrics).toContain('pdaltagent_gateway_spool_entries 0');
  });

  it('quarantines refused events from the spool, and delivers the others', async () => {
    const before = quarantined();
    await rig.proxy.inject({ kind: 'down' });
    await rig.waitForMode('spool');
    const [key = ''] = routingKeys(1);
    for (let count = 0; count < 30; count += 1) {
      const size = count % 10 === 5 ? LARGEST + 100 : 300;
      expect((await post(event(key, `spooled-${count}`, size))).status).toBe(202);
    }
    await rig.proxy.heal();
    await rig.waitForMode('direct');
    expect(quarantined()).toBe(before + 3);
    await waitUntil(() => [...arrived.keys()].filter((name) => name.startsWith('spooled-')).length === 27, {
      what: 'the 27 that are not refused',
    });
  });

  function quarantined(): number {
    return readdirSync(path.join(rig.folder.path, 'state', 'spool', 'quarantine')).filter((file) =>
      file.endsWith('.record'),
    ).length;
  }
});
