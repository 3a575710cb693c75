import { metric, printFigures, SCENARIO_MS, type Script, STEP_MS, WebhookRelay } from './webhooks.fixture';
import { Cursor } from '@pdaltagent/store';
import { waitUntil } from '@pdaltagent/testing';

const BATCHES = 6;
const PER_BATCH = 60;
const INCIDENTS = 20;
/** Faults that delay, corrupt or lose pages. */
const FAULTS = [
  ...[{ kind: 'status', status: 500 }, { kind: 'reset' }, { kind: 'lose-answer' }, { kind: 'cut-answer' }].map(
    (effect, index) => ({ match: { path: '/log_entries' }, effect, times: 1, skip: 4 + 3 * index }),
  ),
  { match: { path: '/log_entries', query: 'offset=300' }, effect: { kind: 'status', status: 503 }, times: 1 },
  {
    match: { path: '/log_entries', query: 'offset=100' },
    effect: { kind: 'status', status: 429, headers: { 'ratelimit-reset': '1' } },
    times: 1,
    skip: 2,
  },
];

describe('log entries become webhooks, none missed, none twice, each incident in order, while pages fail and shift', () => {
  let relay: WebhookRelay;

  beforeAll(async () => {
    relay = await WebhookRelay.start('e2e-webhooks');
  });
  afterEach(() => relay.reset());
  afterAll(() => relay.stop());

  it.each([0, 30, -30])(
    'and PagerDuty’s clock is %d s ahead of ours',
    async (skewSeconds) => {
      await relay.control('PATCH', '/settings', { clockSkewMs: skewSeconds * 1_000 });
      const [poller] = await Promise.all([relay.startPoller(), relay.startSender()]);
      // Several pages from the start.
      const first = ago(skewSeconds, 0);
      await relay.write(dedupKeys().map((dedupKey) => ({ dedupKey, createdAt: first, count: 20, spacingMs: 2_000 })));
      for (const fault of FAULTS) await relay.control('POST', '/faults', fault);
      for (let batch = 0; batch < BATCHES; batch += 1) {
        // Between two pages of one read: new entries shift the following pages.
        await relay.hold('offset=200');
        await relay.write(lateBatch(batch, skewSeconds));
        await relay.release();
      }
      const hits = await waitUntil(
        async () => {
          const all = await relay.hits();
          return all.size === FAULTS.length && all;
        },
        { what: 'every fault to hit', timeoutMs: STEP_MS },
      );
      const report = await relay.waitForAll();
      printFigures(`clock ${skewSeconds} s ahead, entries up to 50 s late`, {
        entries: report.entries,
        missed: report.missed.length,
        repeats: report.repeats,
        outOfOrder: report.outOfOrder.length,
        late: report.late,
        batchesBetweenPages: BATCHES,
        badPages: [...hits.values()].reduce((sum, count) => sum + count, 0),
      });
      expect(report).toMatchObject({ missed: [], unexpected: [], repeats: 0, changedIds: [], outOfOrder: [] });
      expect(report.entries).toBeGreaterThanOrEqual(INCIDENTS * 20 + BATCHES * PER_BATCH);
      expect(report.late).toBeGreaterThan(0);
      expect(await metric(poller, 'pdaltagent_poller_page_troubles_total')).toBeGreaterThanOrEqual(FAULTS.length);
    },
    SCENARIO_MS,
  );

  it(
    'but entries later than the overlap are missing: the test can fail',
    async () => {
      const overlap = { PDAGENTD_POLL_OVERLAP_SECONDS: '10' };
      await Promise.all([relay.startPoller(overlap), relay.startSender()]);
      const second = Math.floor(Date.now() / 1_000) * 1_000;
      await relay.write([{ dedupKey: 'incident', createdAt: new Date(second).toISOString() }]);
      await relay.waitForAll();
      // Cycles read from further back until the cursor has reached that entry, which one that began before it does not do.
      await relay.withRedis((store) =>
        waitUntil(async () => ((await new Cursor(store).read())?.cursor ?? 0) >= second, {
          what: 'the cursor to reach the entry',
          timeoutMs: STEP_MS,
        }),
      );
      const reads = (await relay.reads()).length;
      await waitUntil(async () => (await relay.reads()).length > reads, { what: 'the next cycle', timeoutMs: STEP_MS });
      await relay.write([{ dedupKey: 'incident', createdAt: ago(0, 50) }]);
      await relay.write([{ dedupKey: 'after', createdAt: ago(0, 0) }]);
      const after = (await relay.written()).at(-1)?.id ?? '';
      await waitUntil(() => relay.receiver.entries.has(after), { what: 'a later entry', timeoutMs: STEP_MS });
      const { entries, missed } = await relay.report();
      printFigures('an overlap of 10 s, an entry 50 s late', { entries, missed: missed.length });
      expect(missed).toHaveLength(1);
    },
    SCENARIO_MS,
  );
});

const dedupKeys = () => Array.from({ length: INCIDENTS }, (_, index) => `incident-${index}`);

/** A time by PagerDuty's clock. */
function ago(skewSeconds: number, seconds: number): string {
  return new Date(Date.now() + (skewSeconds - seconds) * 1_000).toISOString();
}

/** Entries of all incidents, every third of them late, by up to 50 s. */
function lateBatch(batch: number, skewSeconds: number): Script[] {
  return Array.from({ length: PER_BATCH }, (_, index) => {
    const seconds = index % 3 === 0 ? (index * 7 + batch * 11) % 51 : 0;
    return { dedupKey: `incident-${index % INCIDENTS}`, createdAt: ago(skewSeconds, seconds) };
  });
}
