import { waitUntil } from '@pdaltagent/testing';
import { Relay } from './relay.fixture';
import { routingKeys, Traffic } from './traffic.fixture';

describe('kill -9 of a worker and of the broker while events come in', () => {
  let relay: Relay;

  beforeAll(async () => {
    relay = await Relay.start('e2e-kills');
  });
  afterAll(() => relay.stop());

  it('loses none of 5,000 accepted events and keeps the order of every alert', async () => {
    await relay.control('POST', '/faults', { id: 'slow', effect: { kind: 'latency', ms: 20, jitterMs: 20 } });
    const worker = await relay.startWorker();
    const traffic = new Traffic({
      gatewayUrl: relay.gatewayUrl,
      simulatorUrl: relay.simulatorUrl,
      alerts: 250,
      eventsPerAlert: 20,
      routingKeys: routingKeys(20),
      senders: 32,
    });
    const sent = traffic.send();
    const reached = (count: number) =>
      waitUntil(() => traffic.accepted >= count, { what: `${count} accepted events`, timeoutMs: 60_000 });

    await reached(1_000);
    await waitUntil(async () => (await heldBy(worker.url)) > 0, { what: 'the worker to hold events' });
    await worker.kill();
    await relay.startWorker();

    await reached(2_500);
    await relay.broker.kill();
    await relay.broker.restart();

    await sent;
    await traffic.delivered(60_000);
    const report = traffic.ledger.report();
    expect(report).toMatchObject({ accepted: 5_000, lost: [], unexpected: [], inversions: [], replays: [] });
    // While the broker was away the spool served: nobody was turned away.
    expect(traffic.refused).toBe(0);
    const modes = relay.gateway.lines
      .map(({ message }) => message)
      .filter((message) => message.startsWith('events go'));
    expect(modes.slice(-2)).toEqual(['events go to the spool', 'events go straight to the broker']);
  }, 180_000);
});

async function heldBy(adminUrl: string | undefined): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(/^pdaltagent_held (\d+)/m.exec(text)?.[1] ?? 0);
}
