import { EVENTS, laneOf, laneQueue } from '@pdaltagent/messaging';
import { openRunFolder, type RabbitMQ, startRabbitMQ, waitUntil } from '@pdaltagent/testing';
import { GatewayRig, LaneDrain } from './gateway.fixture';

const STALLED_LANE = 5;
/** Longer than the gateway keeps a channel without confirms. */
const GIVEN_UP_MS = 90_000;
const SENDERS = 12;

/** A routing key of each lane. */
const keys = Array.from({ length: EVENTS.lanes }, (_, lane) => {
  for (let count = 0; ; count += 1) {
    const key = `${lane}x${count}`.padStart(32, 'k');
    if (laneOf(EVENTS, key) === lane) return key;
  }
});

/** Suspends the Raft process of a lane's queue while `run` is running, so that its leader does not respond. */
async function whileStalled(broker: RabbitMQ, lane: number, run: () => Promise<void>): Promise<void> {
  const name = `rabbit_misc:r(<<"/">>, queue, <<"${laneQueue(EVENTS, lane)}">>)`;
  const call = (what: string): Promise<string> =>
    broker.control([
      'eval',
      `{ok, Q} = rabbit_amqqueue:lookup(${name}), {P, _} = amqqueue:get_pid(Q), sys:${what}(P).`,
    ]);
  await call('suspend');
  try {
    await run();
  } finally {
    await call('resume');
  }
}

describe('a lane whose queue does not respond', () => {
  const folder = openRunFolder('e2e-lane-stalls-broker');
  let broker: RabbitMQ;
  let rig: GatewayRig;
  let arrivals: LaneDrain;
  const arrived: string[] = [];
  const accepted: string[] = [];
  const latencies: number[] = [];

  beforeAll(async () => {
    broker = await startRabbitMQ({ folder: folder.path });
    rig = await GatewayRig.start('e2e-lane-stalls', { amqpUrl: broker.url });
    arrivals = await LaneDrain.start(rig.amqpUrl, (body) => {
      const { dedup_key: key } = JSON.parse(body.toString()) as { dedup_key: string };
      if (!arrived.includes(key)) arrived.push(key);
    });
  });
  afterAll(async () => {
    await arrivals.stop();
    await rig.stop();
    await broker.stop();
    folder.remove();
  });

  async function post(lane: number, dedup_key: string): Promise<void> {
    const started = performance.now();
    const response = await fetch(`http://127.0.0.1:${rig.port}/v2/enqueue`, {
      method: 'POST',
      body: JSON.stringify({ routing_key: keys[lane], event_action: 'resolve', dedup_key }),
    });
    expect([lane, response.status]).toEqual([lane, 202]);
    if (lane !== STALLED_LANE) latencies.push(performance.now() - started);
    accepted.push(dedup_key);
  }

  it('delays no other lane, closes no connection, and delivers its own events in order once it responds again', async () => {
    let isStalled = true;
    const sender = async (name: number): Promise<void> => {
      for (let count = 0; isStalled; count += 1)
        await post((name + count * SENDERS) % EVENTS.lanes, `${name}-${count}`);
    };
    const toStalled = async (): Promise<void> => {
      for (let count = 0; isStalled; count += 1) await post(STALLED_LANE, `stalled-${count}`);
    };
    await whileStalled(broker, STALLED_LANE, async () => {
      const senders = [toStalled(), ...Array.from({ length: SENDERS }, (_, name) => sender(name))];
      await waitUntil(async () => (await rig.metrics()).includes('pdaltagent_gateway_lanes{mode="spool"} 1'), {
        what: 'the stalled lane alone to go to the spool',
        timeoutMs: 30_000,
      });
      const before = arrived.length;
      await waitUntil(() => arrived.length > before + 100, { what: 'events of the other lanes to arrive' });
      const isReopened = ({ message }: { readonly message: string }) => message.includes('reopening its channel');
      await rig.gateway.logged('that the lane gets another channel', isReopened, GIVEN_UP_MS);
      isStalled = false;
      await Promise.all(senders);
    });
    await waitUntil(() => arrived.length === accepted.length, { what: 'every event to arrive', timeoutMs: 120_000 });
    expect(new Set(arrived)).toEqual(new Set(accepted));
    const ofStalled = arrived.filter((key) => key.startsWith('stalled-'));
    expect(ofStalled).toEqual(ofStalled.toSorted((one, other) => numberOf(one) - numberOf(other)));
    expect(rig.proxy.accepted).toBe(1);
    await rig.waitForMode('direct');
  }, 240_000);
});

function numberOf(key: string): number {
  return Number(key.split('-')[1]);
}
