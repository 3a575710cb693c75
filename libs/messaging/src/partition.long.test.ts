import {
  connectToBroker,
  openRunFolder,
  type RabbitMQCluster,
  type RunFolder,
  startRabbitMQCluster,
  waitUntil,
} from '@pdaltagent/testing';
import { setTimeout as delay } from 'node:timers/promises';
import { Claims, DELIVERED, event, Markers, publish, sequences, TestWorker } from './lane-worker.fixture';
import { type IncomingMessage } from './message';
import { type DeliveredMarkers } from './delivery-records';
import { type LaneClaims } from './lane-claim';
import { VALID_FOR_MS } from './pulse';
import { declareTopology } from './declare-topology';
import { EVENTS, type QueueType } from './topology';

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

/** Markers and claims, which can become unreachable. */
class SharedRedis {
  isReachable = true;
  readonly markers: DeliveredMarkers;
  readonly claims: LaneClaims;

  constructor() {
    const [markers, claims] = [new Markers(), new Claims()];
    const reach = <Result>(request: () => Promise<Result>): Promise<Result> =>
      this.isReachable ? request() : Promise.reject(new Error('Redis is unreachable'));
    this.markers = { has: (ids) => reach(() => markers.has(ids)), mark: (id) => reach(() => markers.mark(id)) };
    this.claims = {
      claim: (lane, claim) => reach(() => claims.claim(lane, claim)),
      read: (lanes) => reach(() => claims.read(lanes)),
      withdraw: (lane, claim) => reach(() => claims.withdraw(lane, claim)),
    };
  }
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

/** The first attempts of events that have several. */
function repeatedIn(attempts: readonly Attempt[]): readonly Attempt[] {
  const firsts = new Map<string, Attempt>();
  const repeated = new Set<Attempt>();
  for (const attempt of attempts) {
    const first = firsts.get(attempt.message.id);
    if (first === undefined) firsts.set(attempt.message.id, attempt);
    else repeated.add(first);
  }
  return [...repeated];
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
    const connection = await connectToBroker(urlOf(LEADERS));
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
    // What is tested is a time: without an answer the last pulse would be too old by then.
    await delay(VALID_FOR_MS + 1_000);
    expect(test.worker.ownsLanes).toBe(true);
    expect(test.logged('broker unreachable')).toBe(false);
    await test.worker.stop();
    await cluster.nodes[LEADERS]?.restart();
    const peers = async () => Number(await cluster.nodes[OTHER]?.control(['eval', 'length(nodes()).']));
    await waitUntil(async () => (await peers()) === 2, { what: 'the node to join again', timeoutMs: 60_000 });
  }, 400_000);

  /**
   * Every attempt of two workers, and the moment at which the node of the first one was cut off, or lost that of the other one.
   * @param url by node
   */
  async function cutOneOff({
    isRedisLost = false,
    cut = () => cluster.isolate(CUT_OFF),
    url = urlOf,
    queueType = 'quorum',
  }: {
    readonly isRedisLost?: boolean;
    readonly cut?: () => Promise<void>;
    readonly url?: (node: number) => string;
    readonly queueType?: QueueType;
  } = {}) {
    const attempts: Attempt[] = [];
    const redis = new SharedRedis();
    const { markers, claims } = redis;
    const start = (worker: string, node: number): TestWorker =>
      new TestWorker(
        url(node),
        async (message) => {
          const begin = performance.now();
          await delay(REQUEST_MS);
          attempts.push({ message, worker, begin, end: performance.now() });
          return DELIVERED;
        },
        { markers, claims, concurrency: 256, queueType },
      );
    const workers = [start('one', CUT_OFF), start('other', OTHER)];
    const areShared = () => workers.every(({ worker }) => worker.lanes > 5);
    await waitUntil(areShared, { what: 'the lanes to be shared', timeoutMs: 60_000 });
    const messages = Array.from({ length: EVENTS_EACH }, (_, sequence) =>
      KEYS.flatMap((key) => Array.from({ length: ALERTS }, (_unused, alert) => event(`alert-${alert}`, sequence, key))),
    ).flat();
    await publish(url(LEADERS), messages);
    const alerts = () => new Set(attempts.map(({ message }) => message.orderKey));
    await waitUntil(() => alerts().size === KEYS.length * ALERTS, { what: 'an event of each alert' });
    redis.isReachable = !isRedisLost;
    const cutAt = performance.now();
    await cut();
    await delay(CUT_MS);
    await cluster.heal();
    const ids = () => new Set(attempts.map(({ message }) => message.id));
    await waitUntil(() => ids().size === messages.length, { what: 'every event', timeoutMs: 180_000 });
    await Promise.all(workers.map(({ worker }) => worker.stop()));
    const redisWas = isRedisLost ? 'unreachable' : 'reachable';
    process.stdout.write(
      `${partitionHandling}, Redis ${redisWas}: ${messages.length} events, ${attempts.length} attempts, by ${workers.map(({ attempted }) => attempted.length).join(' + ')}\n`,
    );
    return { attempts, cutAt, events: messages.length };
  }

  /** The numbers of each alert's events as they first arrived. */
  const firstArrivals = (attempts: readonly Attempt[]): readonly (readonly number[])[] => {
    const ordered = byAlert(attempts).flatMap((all) => all.map(({ message }) => message));
    return [...sequences(ordered).values()].map((order) => [...new Set(order)]);
  };
  const inOrder = Array.from({ length: EVENTS_EACH }, (_, index) => index);

  // The first cut: with ignore, nodes that were cut off do not know what is declared later.
  it('never send two events of an alert concurrently if the node of one is cut off from classic queues', async () => {
    await cluster.nodes[LEADERS]?.addVirtualHosts(['classic']);
    const url = (node: number): string => `${urlOf(node)}/classic`;
    const connection = await connectToBroker(url(LEADERS));
    await declareTopology(connection, EVENTS, 'classic');
    await connection.close();
    const { attempts, events } = await cutOneOff({ url, queueType: 'classic' });
    expect(overlapsIn(attempts)).toEqual([]);
    expect(attempts).toHaveLength(events);
    for (const order of firstArrivals(attempts)) expect(order).toEqual(inOrder);
  }, 400_000);

  it('never send two events of an alert concurrently, nor one twice, if the node of one is cut off', async () => {
    const { attempts, events } = await cutOneOff();
    expect(overlapsIn(attempts)).toEqual([]);
    expect(attempts).toHaveLength(events);
    for (const order of firstArrivals(attempts)) expect(order).toEqual(inOrder);
  }, 400_000);

  it('repeat what the one that was cut off sent in its last seconds, in order, if Redis is unreachable then', async () => {
    const { attempts, cutAt } = await cutOneOff({ isRedisLost: true });
    expect(overlapsIn(attempts)).toEqual([]);
    for (const order of firstArrivals(attempts)) expect(order).toEqual(inOrder);
    const spans = repeatedIn(attempts).map(({ begin }) => begin - cutAt);
    process.stdout.write(
      `${partitionHandling}: ${spans.length} repeats, begun from ${Math.round(Math.min(...spans))} to ${Math.round(Math.max(...spans))} ms after the cut\n`,
    );
    expect(spans.length).toBeGreaterThan(0);
    // Those of the last requests before the cut may not have been acknowledged.
    expect(Math.min(...spans)).toBeGreaterThan(-4 * REQUEST_MS);
    // To cut all links takes a moment, during which a pulse may still be answered.
    expect(Math.max(...spans)).toBeLessThan(VALID_FOR_MS + 1_000);
  }, 400_000);

  const loseEachOther = () => cluster.separate(CUT_OFF, OTHER);

  it('never send two events of an alert concurrently if their nodes lose each other, and both reach the third one', async () => {
    const { attempts, events } = await cutOneOff({ cut: loseEachOther });
    expect(overlapsIn(attempts)).toEqual([]);
    expect(attempts).toHaveLength(events);
    for (const order of firstArrivals(attempts)) expect(order).toEqual(inOrder);
  }, 400_000);

  it('keep the first arrivals in order, whether or not events are repeated, if their nodes lose each other and Redis is unreachable', async () => {
    const { attempts } = await cutOneOff({ cut: loseEachOther, isRedisLost: true });
    const repeated = repeatedIn(attempts);
    process.stdout.write(`${repeated.length} repeats, ${overlapsIn(attempts).length} overlap\n`);
    for (const order of firstArrivals(attempts)) expect(order).toEqual(inOrder);
  }, 400_000);
});
