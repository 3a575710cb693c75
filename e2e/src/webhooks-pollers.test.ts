import { type AppProcess, FaultProxy, waitUntil } from '@pdaltagent/testing';
import { MARK, metric, printFigures, SCENARIO_MS, STEP_MS, WebhookRelay } from './webhooks.fixture';

/** The documented limit. */
const TAKEOVER_MS = 15_000;

describe('of two pollers', () => {
  let relay: WebhookRelay;
  let redis: FaultProxy;

  beforeAll(async () => {
    relay = await WebhookRelay.start('e2e-webhooks-pollers');
    redis = await FaultProxy.start(relay.servers.redisUrl);
  });
  afterEach(async () => {
    await redis.heal();
    await relay.reset();
  });
  afterAll(async () => {
    await relay.stop();
    await redis.stop();
  });

  const write = () =>
    relay.write(Array.from({ length: 10 }, (_, index) => ({ dedupKey: `incident-${index}`, count: 3 })));

  async function polls(poller: AppProcess): Promise<boolean> {
    return (await (await fetch(`${poller.url}/readyz`)).text()).includes('this process');
  }

  /** Resolves with the time until the takeover in milliseconds; rejects if it takes too long. */
  async function takeover(by: AppProcess): Promise<number> {
    const began = performance.now();
    await waitUntil(() => polls(by), { what: 'the other to take over', timeoutMs: TAKEOVER_MS });
    return performance.now() - began;
  }

  async function startTwo(): Promise<readonly [AppProcess, AppProcess]> {
    const first = await relay.startPoller({ PDAGENTD_REDIS_URL: redis.url(relay.servers.redisUrl) });
    await waitUntil(() => polls(first), { what: 'the first to poll', timeoutMs: STEP_MS });
    const second = await relay.startPoller();
    await write();
    await relay.waitForAll();
    expect(await polls(second)).toBe(false);
    expect(await metric(second, 'pdaltagent_poller_entries_read_total')).toBe(0);
    return [first, second];
  }

  it(
    'one polls; the other takes over within 15 s after a kill -9, without gaps or repeats',
    async () => {
      await relay.startSender();
      const [first, second] = await startTwo();
      await first.kill();
      await write();
      const tookMs = await takeover(second);
      const report = await relay.waitForAll();
      printFigures('takeover after a kill', {
        seconds: tookMs / 1_000,
        entries: report.entries,
        missed: report.missed.length,
        repeats: report.repeats,
      });
      expect(report).toMatchObject({ missed: [], unexpected: [], repeats: 0, changedIds: [], outOfOrder: [] });
    },
    SCENARIO_MS,
  );

  it(
    'one is paused with webhooks published but not marked: the other takes over, and the first does not poll after it is resumed',
    async () => {
      const sender = await relay.startSender();
      const [first, second] = await startTwo();
      const { swallowed } = redis;
      await redis.inject({ kind: 'black-hole-at', text: MARK });
      await write();
      await waitUntil(() => redis.swallowed > swallowed, { what: 'a mark', timeoutMs: STEP_MS, intervalMs: 5 });
      await first.pause();
      const publishedBefore = await takeover(second).then((tookMs) => {
        printFigures('takeover after a pause', { seconds: tookMs / 1_000 });
        return relay.waitForAll();
      });
      await redis.heal();
      first.resume();
      await write();
      await waitUntil(async () => (await relay.waitForAll()).entries > publishedBefore.entries, { what: 'more' });
      await waitUntil(async () => (await fetch(`${first.url}/readyz`)).ok, { what: 'the first to be ready again' });
      expect([await polls(first), await polls(second)]).toEqual([false, true]);
      const report = await relay.waitForAll();
      const repeatsQueued = (await metric(sender, 'pdaltagent_webhook_repeats_dropped_total')) + report.repeats;
      printFigures('a moment with both', { entries: report.entries, missed: report.missed.length, repeatsQueued });
      expect(report).toMatchObject({ missed: [], unexpected: [], changedIds: [], outOfOrder: [] });
      expect(repeatsQueued).toBeGreaterThan(0);
    },
    SCENARIO_MS,
  );
});
