import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import {
  connectToBroker,
  FaultProxy,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import { BrokerConnection } from './broker-connection';
import { event } from './lane-worker.fixture';
import { LanePublisher } from './lane-publisher';
import { declareTopology } from './declare-topology';
import { EVENTS, type LaneGroup, laneQueue, type QueueType, WEBHOOKS } from './topology';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
/** Longer than the timeout of a request to the broker. */
const LONGER_THAN_A_REPLY_MS = 13_000;
const RENEWED_LANE = 7;

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('lane-publisher');
  broker = await startRabbitMQ({ folder: folder.path });
});
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

it('keeps its connection while the broker is short of memory, even if a lane’s channel is replaced meanwhile', async () => {
  await broker.setAlarm('memory', true);
  const sent: number[] = [];
  const settled: number[] = [];
  const opened: number[] = [];
  const happened: string[] = [];
  const publisher: LanePublisher = new LanePublisher({
    url: broker.url,
    name: 'test',
    laneGroup: EVENTS,
    queueType: 'quorum',
    log,
    onOpened: (lane) => {
      opened.push(lane);
      // The broker answers no more requests once it has read a message.
      if (opened.length !== EVENTS.lanes) return;
      for (const ready of opened) {
        sent.push(ready);
        publisher.publish(ready, event('disk', ready), () => settled.push(ready));
      }
    },
    onLost: () => happened.push('lost'),
    onBlocked: () => happened.push('blocked'),
    onUnblocked: () => happened.push('unblocked'),
  });
  publisher.start();
  await waitUntil(() => happened.includes('blocked'), { what: 'the alarm' });
  publisher.reopen(RENEWED_LANE);
  const until = performance.now() + LONGER_THAN_A_REPLY_MS;
  await waitUntil(() => performance.now() > until || happened.includes('lost'), {
    what: 'more time than a reply may take',
    timeoutMs: 60_000,
  });
  expect(happened).toEqual(['blocked']);
  await broker.setAlarm('memory', false);
  await waitUntil(() => sent.every((lane) => lane === RENEWED_LANE || settled.includes(lane)), {
    what: 'the broker to take what was sent over the channels that are left',
  });
  await waitUntil(() => opened.length > EVENTS.lanes, { what: 'another channel for the lane' });
  expect(opened.at(-1)).toBe(RENEWED_LANE);
  expect(happened).toEqual(['blocked', 'unblocked']);
  await publisher.close();
});

/** Its timers are due early. */
const fastClock = (factor: number): Clock => ({
  ...SYSTEM_CLOCK,
  after: (ms, callback) => SYSTEM_CLOCK.after(ms / factor, callback),
});

const started: LanePublications[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((publications) => publications.stop()));
});

/** Sends one message over each lane that opens. */
class LanePublications {
  readonly warnings: string[] = [];
  readonly confirmed = new Set<number>();
  readonly #publisher: LanePublisher;

  constructor(
    url: string,
    options: { readonly laneGroup: LaneGroup; readonly queueType: QueueType; readonly clock?: Clock },
  ) {
    this.#publisher = new LanePublisher({
      url,
      name: 'test',
      ...options,
      log: { ...log, warn: (text, fields) => this.warnings.push(`${text} ${JSON.stringify(fields)}`) },
      onOpened: (lane) => {
        this.#publisher.publish(lane, event('alert', lane), () => this.confirmed.add(lane));
      },
      onLost: () => undefined,
      onBlocked: () => undefined,
      onUnblocked: () => undefined,
    });
    this.#publisher.start();
    started.push(this);
  }

  stop(): Promise<void> {
    return this.#publisher.close();
  }
}

it('publishes to the other lanes if the queue of one hangs when it is declared', async () => {
  const laneGroup = { ...WEBHOOKS, exchange: 'test.hanging', deadLetters: 'test.hanging.dead-letters', lanes: 4 };
  // All queues of a virtual host have one type, also those that lane groups share.
  const [url = ''] = await broker.addVirtualHosts(['classic']);
  const connection = await connectToBroker(url);
  await declareTopology(connection, laneGroup, 'classic');
  await connection.close();
  const queue = laneQueue(laneGroup, 1);
  await broker.stallQueue(queue, 'classic');
  const publications = new LanePublications(url, { laneGroup, queueType: 'classic', clock: fastClock(3) });
  try {
    await waitUntil(() => publications.confirmed.size === 3, { what: 'the other lanes', timeoutMs: 20_000 });
    expect([...publications.confirmed].sort()).toEqual([0, 2, 3]);
    const withoutReply = publications.warnings.filter((line) => line.startsWith('queues'));
    expect(withoutReply).toEqual([`queues did not reply when they were declared {"queues":["${queue}"]}`]);
  } finally {
    await broker.resumeQueue(queue, 'classic');
  }
  await waitUntil(() => publications.confirmed.has(1), { what: 'the lane that hung' });
});

it('reconnects and closes although a channel that waits for a hanging queue keeps the broker from confirming it', async () => {
  const queue = 'test.hanging';
  const client = await connectToBroker(broker.url);
  await (await client.createChannel()).assertQueue(queue);
  await client.close();
  let opened = 0;
  const connection = new BrokerConnection({
    url: broker.url,
    name: 'test',
    log,
    channels: 1,
    open: async (opening) => {
      opened += 1;
      const channel = await opening.createChannel();
      channel.on('error', () => undefined);
      channel.checkQueue(queue).catch(() => undefined);
    },
    onLost: () => undefined,
  });
  await broker.stallQueue(queue);
  try {
    connection.start();
    await waitUntil(() => connection.isConnected, { what: 'a connection' });
    connection.reconnect();
    await waitUntil(() => opened === 2 && connection.isConnected, { what: 'another connection', timeoutMs: 20_000 });
    await connection.close();
  } finally {
    await broker.resumeQueue(queue);
  }
});

it('reconnects until the broker answers, and reports once that it does not', async () => {
  const proxy = await FaultProxy.start(broker.url);
  // Longer than an answer may take by the test's clock, shorter than heartbeats may be missing.
  await proxy.inject({ kind: 'latency', ms: 600 });
  const options = { laneGroup: EVENTS, queueType: 'quorum', clock: fastClock(20) } as const;
  const publications = new LanePublications(proxy.url(broker.url), options);
  await waitUntil(() => proxy.accepted >= 3, { what: 'further connections', timeoutMs: 60_000 });
  expect(publications.warnings).toEqual([
    'broker does not reply: reconnecting until it does {"connection":"test","error":"no reply to channel.open within 10 s"}',
  ]);
  await proxy.inject({ kind: 'none' });
  await waitUntil(() => publications.confirmed.size === EVENTS.lanes, { what: 'all lanes', timeoutMs: 30_000 });
  await proxy.stop();
});

it('reports a channel_max that is too low, also after a reconnect, and works once it is raised', async () => {
  const setChannelMax = (channels: number) =>
    broker.control(['eval', `application:set_env(rabbit, channel_max, ${channels}).`]);
  const proxy = await FaultProxy.start(broker.url);
  const publications = new LanePublications(proxy.url(broker.url), { laneGroup: EVENTS, queueType: 'quorum' });
  const all = () => publications.confirmed.size === EVENTS.lanes;
  try {
    await waitUntil(all, { what: 'all lanes', timeoutMs: 30_000 });
    publications.confirmed.clear();
    await setChannelMax(EVENTS.lanes);
    proxy.cut();
    await waitUntil(() => proxy.accepted >= 4, { what: 'further connections', timeoutMs: 30_000 });
    expect(publications.warnings.at(-1)).toBe(
      'broker allows too few channels: retrying until channel_max is raised {"connection":"test","error":"channel_max of the broker is 32, but this connection needs at least 33 channels: raise it"}',
    );
    expect(publications.warnings).toHaveLength(2);
  } finally {
    await setChannelMax(2_047);
  }
  await waitUntil(all, { what: 'all lanes again', timeoutMs: 30_000 });
  await proxy.stop();
});
