import { openRunFolder, type Redis, startRedis, testServers, waitUntil } from '@pdaltagent/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { metric, printFigures, SCENARIO_MS, type Script, STEP_MS, WebhookRelay } from './webhooks.fixture';

const LIVES = 12;
const LIFE_MS = 2_000;
const INCIDENTS = 30;
const PER_LIFE = 240;

describe('poller and sender, both killed every two seconds, while Redis is restarted and once emptied', () => {
  const folder = openRunFolder('e2e-webhooks-kills-redis');
  let redis: Redis;
  let relay: WebhookRelay;

  beforeAll(async () => {
    redis = await startRedis({ folder: folder.path });
    relay = await WebhookRelay.start('e2e-webhooks-kills', { ...(await testServers()), redisUrl: redis.url });
  });
  afterAll(async () => {
    await relay.stop();
    await redis.stop();
    folder.remove();
  });

  it(
    'miss nothing, keep the order of every incident, and repeat with the same id',
    async () => {
      // Restarts read entries again, and this test does not concern the rate limit.
      await relay.control('PATCH', '/settings', { restPerMinute: null });
      const faults: Readonly<Record<number, () => Promise<unknown>>> = {
        3: async () => {
          await redis.kill();
          await redis.restart();
        },
        7: () => relay.emptyRedis(),
      };
      let working = 0;
      for (let life = 0; life < LIVES; life += 1) {
        const began = performance.now();
        const { length } = relay.receiver.arrivals;
        await relay.write(batch(life));
        const [poller, sender] = await Promise.all([relay.startPoller(), relay.startSender()]);
        await waitUntil(async () => (await metric(poller, 'pdaltagent_poller_entries_published_total')) > 0, {
          what: 'the poller to publish',
          timeoutMs: STEP_MS,
        });
        await waitUntil(() => relay.receiver.arrivals.length > length, { what: 'a webhook', timeoutMs: STEP_MS });
        await faults[life]?.();
        await delay(LIFE_MS - (performance.now() - began));
        await relay.write(batch(life));
        await waitUntil(() => relay.receiver.arrivals.length > length, { what: 'a webhook', timeoutMs: STEP_MS });
        working += 1;
        await Promise.all([poller.kill(), sender.kill()]);
      }
      await Promise.all([relay.startPoller(), relay.startSender()]);
      const report = await relay.waitForAll();
      printFigures('poller and sender killed every two seconds', {
        kills: 2 * working,
        redisRestarts: 1,
        redisEmptied: 1,
        entries: report.entries,
        missed: report.missed.length,
        repeats: report.repeats,
        outOfOrder: report.outOfOrder.length,
        late: report.late,
      });
      expect(report).toMatchObject({ missed: [], unexpected: [], changedIds: [], outOfOrder: [] });
      expect(report.entries).toBeGreaterThanOrEqual(2 * LIVES * PER_LIFE);
    },
    SCENARIO_MS,
  );
});

/** Entries of all incidents, some of them late. */
function batch(life: number): Script[] {
  return Array.from({ length: PER_LIFE }, (_, index) => {
    const late = index % 4 === 0 ? (index * 7 + life * 11) % 51 : 0;
    const createdAt = new Date(Date.now() - late * 1_000).toISOString();
    return { dedupKey: `incident-${index % INCIDENTS}`, createdAt };
  });
}
