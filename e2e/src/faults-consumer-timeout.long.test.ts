import { EVENTS, laneOf } from '@pdaltagent/messaging';
import { waitUntil } from '@pdaltagent/testing';
import { KEYS, SCENARIO_MS, STEP_MS, survivesFault } from './faults.fixture';
import { PrivateRelay } from './relay.fixture';

const CONSUMER_TIMEOUT_MS = 10_000;
/** Two keys that share their lane with no other key, so that the others are not affected by them. */
const [FAILING, HANGING] = KEYS.filter((key) => !KEYS.some((other) => other !== key && areNeighbours(key, other)));
/** At least two for each of the two keys. */
const TIMEOUTS = 6;

describe('20,000 events arrive, none lost and each alert in order, while', () => {
  let relay: PrivateRelay;

  beforeAll(async () => {
    relay = await PrivateRelay.start('e2e-consumer-timeout');
  });
  afterAll(() => relay.stop());

  const timeouts = async () => (await relay.broker.logText()).split('timed out waiting for delivery').length - 1;

  it(
    'the broker closes channels whose events are held for too long',
    () =>
      survivesFault(relay, 'consumer-timeout', async (traffic) => {
        await relay.broker.setConsumerTimeout(CONSUMER_TIMEOUT_MS, 1_000);
        const fail = (id: string, routingKey: string | undefined, effect: unknown) =>
          relay.control('POST', '/faults', { id, match: { routingKey }, effect });
        await fail('errors', FAILING, { kind: 'status', status: 503 });
        await fail('hanging', HANGING, { kind: 'hang' });
        // An attempt that hangs for longer than the consumer timeout would never complete.
        await relay.startWorker({ env: { PDAGENTD_ATTEMPT_TIMEOUT_MS: '4000' } });
        await traffic.send();
        await traffic.delivered(STEP_MS, (key) => key !== FAILING && key !== HANGING);
        const closed = await waitUntil(async () => ((await timeouts()) >= TIMEOUTS ? timeouts() : undefined), {
          what: 'the broker to close channels',
          timeoutMs: STEP_MS,
          intervalMs: 500,
        });
        const proof = { errors: await relay.hits('errors'), 'hanging attempts': await relay.hits('hanging') };
        await relay.control('DELETE', '/faults');
        return { 'channels closed by the broker': closed, ...proof };
      }),
    SCENARIO_MS,
  );
});

function areNeighbours(key: string, other: string): boolean {
  return laneOf(EVENTS, key) === laneOf(EVENTS, other);
}
