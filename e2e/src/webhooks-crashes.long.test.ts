import { type AppProcess, FaultProxy, waitUntil } from '@pdaltagent/testing';
import { buildMutant } from './mutant.fixture';
import { MARK, metric, printFigures, SCENARIO_MS, STEP_MS, WebhookRelay } from './webhooks.fixture';

const KILLS = 20;
const INCIDENTS = 5;

describe('a poller that is killed', () => {
  let relay: WebhookRelay;
  let redis: FaultProxy;
  let broker: FaultProxy;

  beforeAll(async () => {
    relay = await WebhookRelay.start('e2e-webhooks-crashes');
    [redis, broker] = await Promise.all([
      FaultProxy.start(relay.servers.redisUrl),
      FaultProxy.start(relay.servers.amqpUrl),
    ]);
  });
  afterEach(async () => {
    await Promise.all([redis.heal(), broker.heal()]);
    await relay.reset();
  });
  afterAll(async () => {
    await relay.stop();
    await Promise.all([redis.stop(), broker.stop()]);
  });

  const startPoller = (bundle?: string) =>
    relay.startPoller(
      { PDAGENTD_AMQP_URL: broker.url(relay.servers.amqpUrl), PDAGENTD_REDIS_URL: redis.url(relay.servers.redisUrl) },
      bundle === undefined ? {} : { bundle },
    );
  const writeToAll = () =>
    relay.write(Array.from({ length: INCIDENTS }, (_, index) => ({ dedupKey: `incident-${index}`, count: 2 })));

  /** Writes entries, kills the poller at the moment it sends the text, and starts another one. */
  async function killAt(poller: AppProcess, proxy: FaultProxy, text: string, bundle?: string): Promise<AppProcess> {
    const { swallowed } = proxy;
    await proxy.inject({ kind: 'black-hole-at', text });
    await writeToAll();
    await waitUntil(() => proxy.swallowed > swallowed, { what: 'the moment', timeoutMs: STEP_MS, intervalMs: 5 });
    await poller.kill();
    await proxy.heal();
    return startPoller(bundle);
  }

  it(
    'between publish and mark, repeatedly: no entry is missed, and repeats have the same id',
    async () => {
      const sender = await relay.startSender();
      let poller = await startPoller();
      await writeToAll();
      await relay.waitForAll();
      // The command that marks an entry as seen: its webhook was confirmed just before.
      for (let kill = 0; kill < KILLS; kill += 1) poller = await killAt(poller, redis, MARK);
      const report = await relay.waitForAll();
      const dropped = await metric(sender, 'pdaltagent_webhook_repeats_dropped_total');
      printFigures('kills between publish and mark', {
        kills: KILLS,
        entries: report.entries,
        missed: report.missed.length,
        outOfOrder: report.outOfOrder.length,
        repeatsQueued: dropped + report.repeats,
        repeatsAtTheReceiver: report.repeats,
      });
      expect(report).toMatchObject({ missed: [], unexpected: [], changedIds: [], outOfOrder: [] });
      expect(dropped + report.repeats).toBeGreaterThanOrEqual(KILLS);
    },
    SCENARIO_MS,
  );

  /** The exchange's name as in a publish. */
  const publishing = '\x13pdaltagent.webhooks';

  it(
    'while it publishes misses no entry',
    async () => {
      await relay.startSender();
      let poller = await startPoller();
      await writeToAll();
      await relay.waitForAll();
      for (let kill = 0; kill < 3; kill += 1) poller = await killAt(poller, broker, publishing);
      const report = await relay.waitForAll();
      printFigures('kills before a publish arrives', {
        kills: 3,
        entries: report.entries,
        missed: report.missed.length,
      });
      expect(report).toMatchObject({ missed: [], unexpected: [], changedIds: [], outOfOrder: [] });
    },
    SCENARIO_MS,
  );

  it(
    'while it publishes misses entries if it marks them first: the test can fail',
    async () => {
      const bundle = await buildMutant(
        'log-poller',
        [
          {
            file: 'apps/log-poller/src/entry-publisher.ts',
            from: `        await this.#publishOne(entry, mayBeRepeat(entry));
        await seen.mark([entry.id]);`,
            to: `        await seen.mark([entry.id]);
        await this.#publishOne(entry, mayBeRepeat(entry));`,
          },
        ],
        relay.folder.path,
      );
      await relay.startSender();
      const poller = await startPoller(bundle);
      await writeToAll();
      await relay.waitForAll();
      await killAt(poller, broker, publishing, bundle);
      // Later entries arrive, so the lost ones will not.
      await relay.write([{ dedupKey: 'after' }]);
      const after = (await relay.written()).at(-1)?.id ?? '';
      await waitUntil(() => relay.receiver.entries.has(after), { what: 'a later entry', timeoutMs: STEP_MS });
      const { missed, entries } = await relay.report();
      printFigures('mutant that marks first, one kill', { entries, missed: missed.length });
      expect(missed.length).toBeGreaterThan(0);
    },
    SCENARIO_MS,
  );
});
