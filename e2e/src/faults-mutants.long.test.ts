import { type LedgerReport } from '@pdaltagent/testing';
import { printFigures, SCENARIO_MS, waitForMetric, waitForQueues } from './faults.fixture';
import { buildMutant, type Mutation } from './mutant.fixture';
import { PrivateRelay } from './relay.fixture';
import { routingKeys, Traffic } from './traffic.fixture';

const ACK_BEFORE_POST: readonly Mutation[] = [
  {
    file: 'libs/messaging/src/lane-channel.ts',
    from: 'this.#ports.onMessage(message);',
    to: 'this.ackDelivery(delivery); this.#ports.onMessage(message);',
  },
];

const NO_ORDER: readonly Mutation[] = [
  { file: 'libs/messaging/src/message.ts', from: '    orderKey,\n', to: '    orderKey: id,\n' },
];

/** The broker's message counts are up to 5 s old, and this test may finish sooner. */
const COUNTS_REFRESHED_MS = 8_000;

/** What the ledger must report for each mutation. */
const CASES: readonly (readonly [
  string,
  readonly Mutation[],
  { readonly lost: boolean; readonly inversions: boolean },
])[] = [
  ['unchanged: nothing', [], { lost: false, inversions: false }],
  ['with the ack before the post: lost events', ACK_BEFORE_POST, { lost: true, inversions: false }],
  ['ignoring the order key: inversions', NO_ORDER, { lost: false, inversions: true }],
];

describe('under errors and the kill of a worker the ledger reports of a worker', () => {
  let relay: PrivateRelay;

  beforeAll(async () => {
    relay = await PrivateRelay.start('e2e-mutants');
  });
  afterEach(async () => {
    for (const worker of relay.workers.splice(0)) await worker.stop();
    await relay.control('POST', '/reset');
  });
  afterAll(() => relay.stop());

  /** Kills the worker while many attempts fail and those of some alerts hang, and resolves with the ledger's report. */
  async function reportUnderFaults(name: string, bundle: string): Promise<LedgerReport> {
    const traffic = new Traffic({
      gatewayUrl: relay.gatewayUrl,
      simulatorUrl: relay.simulatorUrl,
      alerts: 200,
      eventsPerAlert: 10,
      routingKeys: routingKeys(20),
      senders: 32,
      prefix: name,
    });
    const fault = (id: string, alerts: string, effect: unknown, probability: number) =>
      relay.control('POST', '/faults', { id, match: { dedupKey: alerts }, effect, probability, seed: 1 });
    await fault('hanging', `${name}-1*`, { kind: 'hang' }, 1);
    await fault('errors', `${name}-*`, { kind: 'status', status: 503 }, 0.3);
    const worker = await relay.startWorker({ bundle });
    await traffic.send();
    await waitForMetric(worker, 'pdaltagent_retried_total', (count) => count >= 100);
    const onTheWire = await waitForMetric(worker, 'pdaltagent_in_flight', (count) => count >= 20);
    await worker.kill();
    await relay.control('DELETE', '/faults');
    await relay.startWorker({ bundle });
    let emptySince: number | undefined;
    await waitForQueues(relay, 'permanently empty', ({ queued }) => {
      emptySince = queued === 0 ? (emptySince ?? Date.now()) : undefined;
      return emptySince !== undefined && Date.now() - emptySince > COUNTS_REFRESHED_MS;
    });
    await traffic.collect();
    const report = traffic.ledger.report();
    const { accepted, delivered, lost, inversions } = report;
    const figures = { accepted, arrived: delivered, lost: lost.length, inversions: inversions.length };
    printFigures(name, { ...figures, 'on the wire at the kill': onTheWire });
    return report;
  }

  it.each(CASES)(
    '%s',
    async (name, mutations, expected) => {
      const short = `mutant-${CASES.findIndex(([of]) => of === name)}`;
      const bundle = await buildMutant('delivery-worker', mutations, relay.folder(short));
      const { accepted, lost, inversions } = await reportUnderFaults(short, bundle);
      expect(accepted).toBe(2_000);
      expect({ lost: lost.length > 0, inversions: inversions.length > 0 }).toEqual(expected);
    },
    SCENARIO_MS,
  );
});
