import { waitUntil } from '@pdaltagent/testing';
import { KEYS, SCENARIO_MS, STEP_MS, survivesFault, waitForHeldEvents } from './faults.fixture';
import { PrivateRelay } from './relay.fixture';

/** Together they affect 30 % of the attempts: of several matching faults the oldest one applies. */
const FAILURES = [
  { id: 'errors', probability: 0.1, effect: { kind: 'status', status: 503 } },
  { id: 'resets', probability: 0.1 / 0.9, effect: { kind: 'reset' } },
  { id: 'lost-answers', probability: 0.1 / 0.8, effect: { kind: 'lose-answer' } },
];

/** Throttled without Retry-After, as PagerDuty does. */
const WITHOUT_RETRY_AFTER = KEYS.slice(0, 6);
/** Throttled with Retry-After. */
const WITH_RETRY_AFTER = KEYS.slice(6, 12);

describe('20,000 events arrive, none lost and each alert in order, while', () => {
  let relay: PrivateRelay;

  beforeAll(async () => {
    relay = await PrivateRelay.start('e2e-pagerduty');
  });
  afterAll(() => relay.stop());

  it(
    'PagerDuty answers 30 % with errors, resets and lost responses',
    () =>
      survivesFault(relay, 'failures', async (traffic) => {
        for (const [seed, failure] of FAILURES.entries()) await relay.control('POST', '/faults', { ...failure, seed });
        await relay.startWorker();
        await traffic.send();
        await traffic.delivered(STEP_MS);
        return {
          errors: await relay.hits('errors'),
          resets: await relay.hits('resets'),
          'lost responses': await relay.hits('lost-answers'),
        };
      }),
    SCENARIO_MS,
  );

  it(
    'PagerDuty throttles 12 of 40 routing keys, with and without Retry-After, and the worker is killed',
    () =>
      survivesFault(relay, 'storm', async (traffic) => {
        const limits = Object.fromEntries(WITHOUT_RETRY_AFTER.map((key) => [key, 60]));
        await relay.control('PATCH', '/settings', { eventsPerMinuteByKey: limits });
        for (const [seed, key] of WITH_RETRY_AFTER.entries()) {
          const effect = { kind: 'status', status: 429, retryAfter: 1 };
          await relay.control('POST', '/faults', {
            id: key,
            match: { routingKey: key },
            effect,
            probability: 0.7,
            seed,
          });
        }
        const worker = await relay.startWorker();
        await traffic.send();
        await traffic.delivered(
          STEP_MS,
          (key) => !WITHOUT_RETRY_AFTER.includes(key) && !WITH_RETRY_AFTER.includes(key),
        );
        const throttled = await waitUntil(
          async () => {
            const count = await relay.respondedWith(429);
            return count >= 200 && count;
          },
          { what: 'PagerDuty to throttle', timeoutMs: STEP_MS },
        );
        const parked = worker.lines.filter(({ message }) => message.startsWith('key parked')).length;
        const held = await waitForHeldEvents(worker);
        // The rates that it has learned are lost with it, so the remaining events need not wait for them.
        await worker.kill();
        const withRetryAfter = await Promise.all(WITH_RETRY_AFTER.map((key) => relay.hits(key)));
        await relay.control('PATCH', '/settings', {
          eventsPerMinuteByKey: Object.fromEntries(WITHOUT_RETRY_AFTER.map((key) => [key, null])),
        });
        await relay.control('DELETE', '/faults');
        await relay.startWorker();
        return {
          throttled,
          'of them with a Retry-After': withRetryAfter,
          'parked keys': parked,
          'held at the kill': held,
        };
      }),
    SCENARIO_MS,
  );
});
