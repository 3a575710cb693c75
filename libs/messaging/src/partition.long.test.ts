import {
  openRunFolder,
  type RabbitMQCluster,
  type RunFolder,
  startRabbitMQCluster,
  waitUntil,
} from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { Claims, DELIVERED, event, Markers, publish, sequences, TestWorker } from './lane-worker.fixture';
import { type IncomingMessage } from './message';
import { declareTopology, EVENTS } from './topology';

const KEYS = Array.from({ length: 12 }, (_, index) => `R${String(index).padStart(31, '0')}`);
const ALERTS = 4;
const EVENTS_EACH = 60;
/** Of a request. */
const REQUEST_MS = 250;
const CUT_MS = 15_000;
/** The node of all leaders, and those of the workers; the second one is cut off. */
const [LEADERS, CUT_OFF, OTHER] = [0, 1, 2] as const;

interface Attempt {
  readonly message: IncomingMessage;
  readonly worker: string;
  readonly begin: number;
  readonly end: number;
}

/** The attempts of each alert, in the order in which they began. */
function byAlert(attempts: readonly Attempt[]): readonly (readonly Attempt[])[] {
  const alerts = new Map<string, Attempt[]>();
  for (const attempt of [...attempts].sort((left, right) => left.begin - right.begin)) {
    const { orderKey } = attempt.message;
    alerts.set(orderKey, [...(alerts.get(orderKey) ?? []), attempt]);
  }
  return [...alerts.values()];
}

/** The attempts during which another one of the alert began. */
function overlapsIn(attempts: readonly Attempt[]): readonly string[] {
  return byAlert(attempts).flatMap((all) =>
    all.flatMap(({ begin, worker, message }, index) => {
      const former = all[index - 1];
      return former === undefined || former.end <= begin
        ? []
        : [`${message.id} by ${worker} during ${former.message.id} by ${former.worker}`];
    }),
  );
}

describe.each(['ignore', 'pause_minority'] as const)('workers of a cluster with %s', (partitionHandling) => {
  let folder: RunFolder;
  let cluster: RabbitMQCluster;

  beforeAll(async () => {
    folder = openRunFolder('partition');
    cluster = await startRabbitMQCluster({ folder: folder.path, partitionHandling });
    const connection = await connect(urlOf(LEADERS));
    await declareTopology(connection, EVENTS, 'quorum');
    await connection.close();
  }, 300_000);
  afterAll(async () => {
    await cluster.stop();
    folder.remove();
  });

  const urlOf = (node: number): string => cluster.nodes[node]?.url ?? '';

  it('keep their connections and go on if the node of the leader of the pulse queue is killed', async () => {
    const test = new TestWorker(urlOf(OTHER), () => DELIVERED);
    await waitUntil(() => test.worker.lanes === EVENTS.lanes, { what: 'every lane', timeoutMs: 60_000 });
    await cluster.nodes[LEADERS]?.kill();
    const [first = ''] = KEYS;
    await waitUntil(() => publish(urlOf(OTHER), [event('after', 0, first)]).then(() => true), { what: 'a confirm' });
    await waitUntil(() => test.delivered.length > 0, { what: 'the event' });
    // Longer than a pulse is valid.
    await delay(5_000);
    expect(test.worker.ownsLanes).toBe(true);
    expect(test.logged('broker unreachable')).toBe(false);
    await test.worker.stop();
    await cluster.nodes[LEADERS]?.restart();
    const peers = async () => Number(await cluster.nodes[OTHER]?.control(['eval', 'length(nodes()).']));
    await waitUntil(async () => (await peers()) === 2, { what: 'the node to join again', timeoutMs: 60_000 });
  }, 400_000);

  it('never send two events of an alert concurrently, nor one twice, if the node of one is cut off', async () => {
    const attempts: Attempt[] = [];
    const shared = { markers: new Markers(), claims: new Claims() };
    const start = (worker: string, node: number): TestWorker =>
      new TestWorker(
        urlOf(node),
        async (message) => {
          const begin = performance.now();
          await delay(REQUEST_MS);
          attempts.push({ message, worker, begin, end: performance.now() });
          return DELIVERED;
        },
        { ...shared, concurrency: 256 },
      );
    const workers = [start('one', CUT_OFF), start('other', OTHER)];
    const areShared = () => workers.every(({ worker }) => worker.lanes > 5);
    await waitUntil(areShared, { what: 'the lanes to be shared', timeoutMs: 60_000 });
    const messages = Array.from({ length: EVENTS_EACH }, (_, sequence) =>
      KEYS.flatMap((key) => Array.from({ length: ALERTS }, (_unused, alert) => event(`alert-${alert}`, sequence, key))),
    ).flat();
    await publish(urlOf(LEADERS), messages);
    await delay(2_000);
    await cluster.isolate(CUT_OFF);
    await delay(CUT_MS);
    await cluster.heal();
    const ids = () => new Set(attempts.map(({ message }) => message.id));
    await waitUntil(() => ids().size === messages.length, { what: 'every event', timeoutMs: 180_000 });
    await Promise.all(workers.map(({ worker }) => worker.stop()));
    process.stdout.write(
      `${partitionHandling}: ${messages.length} events, ${attempts.length} attempts, by ${workers.map(({ attempted }) => attempted.length).join(' + ')}\n`,
    );
    expect(overlapsIn(attempts)).toEqual([]);
    expect(attempts).toHaveLength(messages.length);
    for (const order of sequences(byAlert(attempts).flatMap((all) => all.map(({ message }) => message))).values())
      expect(order).toEqual(Array.from({ length: EVENTS_EACH }, (_, index) => index));
  }, 400_000);
});
