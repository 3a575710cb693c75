import { Cursor } from '@pdaltagent/store';
import { waitUntil } from '@pdaltagent/testing';
import { metric, printFigures, SCENARIO_MS, STEP_MS, WebhookRelay } from './webhooks.fixture';

const DAY_MS = 86_400_000;
const INCIDENTS = 300;
const PER_INCIDENT = 100;
/** PagerDuty's limit. */
const REQUESTS_PER_MINUTE = 960;

describe('after a stop of three days', () => {
  let relay: WebhookRelay;

  beforeAll(async () => {
    relay = await WebhookRelay.start('e2e-webhooks-catch-up');
  });
  afterAll(() => relay.stop());

  it(
    '30,000 entries are caught up from the cursor, oldest first, within the rate limit, and with progress in the log',
    async () => {
      const now = Date.now();
      const start = now - 3 * DAY_MS;
      await relay.withRedis((store) => new Cursor(store).advance({ start, cursor: start }));
      const spacingMs = (3 * DAY_MS) / PER_INCIDENT - 1;
      await relay.write(
        Array.from({ length: INCIDENTS }, (_, index) => ({
          dedupKey: `incident-${index}`,
          createdAt: new Date(now - index * 1_000).toISOString(),
          // In addition, each incident has the trigger that opens it.
          count: PER_INCIDENT,
          spacingMs: Math.floor(spacingMs - index * 10),
        })),
      );
      const [poller] = await Promise.all([relay.startPoller(), relay.startSender()]);
      await poller.logged('that it caught up', ({ message }) => message === 'caught up', STEP_MS);
      await waitUntil(async () => (await metric(poller, 'pdaltagent_poller_lag_seconds')) < 60, { what: 'no lag' });
      const report = await relay.waitForAll();
      const reads = await relay.reads();
      const lags = poller.lines
        .filter(({ message }) => message === 'catching up')
        .map(({ lagSeconds }) => Number(lagSeconds));
      const busiest = busiestMinute(reads.map(({ receivedAt }) => receivedAt));
      const thirds = await positionsByThird();
      printFigures('30,000 entries after three days', {
        entries: report.entries,
        missed: report.missed.length,
        repeats: report.repeats,
        outOfOrder: report.outOfOrder.length,
        requests: reads.length,
        requestsInTheBusiestMinute: busiest,
        progressLines: lags.length,
        seconds: ((relay.receiver.arrivals.at(-1)?.at ?? 0) - (relay.receiver.arrivals[0]?.at ?? 0)) / 1_000,
      });
      expect(report).toMatchObject({ missed: [], unexpected: [], repeats: 0, changedIds: [], outOfOrder: [] });
      expect(report.entries).toBeGreaterThanOrEqual(INCIDENTS * PER_INCIDENT);
      expect(reads.filter(({ status }) => status !== 200)).toEqual([]);
      expect(busiest).toBeLessThanOrEqual(REQUESTS_PER_MINUTE);
      expect(lags.length).toBeGreaterThan(5);
      expect(lags).toEqual([...lags].sort((a, b) => b - a));
      expect(thirds).toEqual([...thirds].sort((a, b) => a - b));
    },
    SCENARIO_MS,
  );

  /** Average position of the oldest, middle and newest third of the entries among the webhooks. */
  async function positionsByThird(): Promise<number[]> {
    const positions = new Map(relay.receiver.arrivals.map(({ entryId }, position) => [entryId, position]));
    const all = [...(await relay.written())].sort((a, b) => a.createdAt - b.createdAt);
    const third = Math.ceil(all.length / 3);
    return [0, 1, 2].map((part) => {
      const entries = all.slice(part * third, (part + 1) * third);
      return entries.reduce((sum, { id }) => sum + (positions.get(id) ?? 0), 0) / entries.length;
    });
  }
});

/** Maximum number of requests in any 60 seconds. */
function busiestMinute(times: readonly number[]): number {
  return Math.max(...times.map((end) => times.filter((time) => time <= end && time > end - 60_000).length));
}
