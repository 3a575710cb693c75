import { openRunFolder, type RabbitMQ, startRabbitMQ, waitUntil } from '@pdaltagent/testing';
import { GatewayRig, LaneDrain } from './gateway.fixture';
import { keyIn, Senders } from './senders.fixture';

const SENDERS = 32;

describe('kill -9 of the gateway with requests in flight', () => {
  const folder = openRunFolder('e2e-gateway-kills-broker');
  let broker: RabbitMQ;
  let rig: GatewayRig;
  let arrivals: LaneDrain;
  let senders: Senders;
  const arrived = new Set<string | undefined>();

  beforeAll(async () => {
    broker = await startRabbitMQ({ folder: folder.path });
    rig = await GatewayRig.start('e2e-gateway-kills', { amqpUrl: broker.url });
    arrivals = await LaneDrain.start(rig.amqpUrl, (body) => arrived.add(keyIn(body)));
    senders = new Senders(rig.port, SENDERS);
  });
  afterAll(async () => {
    await senders.stop();
    await arrivals.stop();
    await rig.stop();
    await broker.stop();
    folder.remove();
  });

  /** Kills the gateway, and waits until requests in flight were interrupted. */
  async function kill(times: number): Promise<void> {
    for (let kills = 0; kills < times; kills += 1) {
      await senders.waitForAccepted(SENDERS);
      const before = senders.cutShort;
      await rig.gateway.kill();
      await waitUntil(() => senders.cutShort > before, { what: 'requests to be cut short', intervalMs: 5 });
      await rig.gateway.restart();
    }
  }

  async function nothingIsLost(): Promise<void> {
    await rig.waitForMode('direct');
    const missing = () => [...senders.accepted].filter((key) => !arrived.has(key));
    await waitUntil(() => missing().length === 0, { what: 'every accepted event to arrive' });
    // Each arrived byte for byte.
    expect(arrived.has(undefined)).toBe(false);
  }

  it('loses none of its 202s in 50 kills with the broker available', async () => {
    await kill(50);
    await nothingIsLost();
  }, 1_200_000);

  it('loses none of its 202s in 25 kills with the broker unreachable and the spool in use', async () => {
    await rig.proxy.inject({ kind: 'down' });
    await rig.waitForMode('spool');
    await kill(25);
    await rig.proxy.heal();
    await nothingIsLost();
  }, 1_200_000);

  it('loses none of its 202s in 25 kills with the broker blocked and the spool in use', async () => {
    await broker.setAlarm('memory', true);
    await rig.waitForMode('spool');
    await kill(25);
    await broker.setAlarm('memory', false);
    await nothingIsLost();
  }, 1_200_000);
});
