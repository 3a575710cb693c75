import { waitUntil } from '@pdaltagent/testing';
import { PrivateRelay } from './relay.fixture';
import { routingKeys, Traffic } from './traffic.fixture';

describe('kill -9 of the gateway with its spool in use', () => {
  let relay: PrivateRelay;

  beforeAll(async () => {
    relay = await PrivateRelay.start('e2e-spool');
  });
  afterAll(() => relay.stop());

  it('loses no accepted event, and keeps each alert in order across spool, drain and broker', async () => {
    await relay.startWorker();
    const traffic = new Traffic({
      gatewayUrl: relay.gatewayUrl,
      simulatorUrl: relay.simulatorUrl,
      alerts: 400,
      eventsPerAlert: 20,
      routingKeys: routingKeys(20),
      senders: 32,
    });
    const sent = traffic.send();
    const more = (count: number) => {
      const goal = Math.min(traffic.accepted + count, traffic.total);
      return waitUntil(() => traffic.accepted >= goal, {
        what: `${goal} accepted events`,
        timeoutMs: 60_000,
        intervalMs: 5,
      });
    };

    await more(500);
    await relay.broker.kill();
    for (let kills = 0; kills < 5; kills += 1) {
      await more(300);
      await relay.gateway.kill();
      await relay.gateway.restart();
    }
    await more(300);
    await relay.broker.restart();
    await relay.gateway.logged('that it drains', ({ message }) => message === 'broker connected');
    for (let kills = 0; kills < 5; kills += 1) {
      await relay.gateway.kill();
      await relay.gateway.restart();
      await more(300);
    }

    await sent;
    await traffic.delivered(60_000);
    const report = traffic.ledger.report();
    expect(report).toMatchObject({ accepted: 8_000, lost: [], unexpected: [], inversions: [] });
    expect(await spooled(relay.gateway.url)).toBe(0);
  }, 240_000);
});

async function spooled(adminUrl: string | undefined): Promise<number> {
  return waitUntil(
    async () => {
      const text = await (await fetch(`${adminUrl}/metrics`)).text();
      const entries = Number(/^pdaltagent_gateway_spool_entries (\d+)/m.exec(text)?.[1]);
      return text.includes('pdaltagent_gateway_mode{mode="direct"} 1') && [entries];
    },
    { what: 'events to go straight to the broker again' },
  ).then(([entries = NaN]) => entries);
}
