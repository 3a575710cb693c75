import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Outcome } from '@pdaltagent/delivery';
import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import { type ConsumeMessage } from 'amqplib';
import { type DeadLetter, deadLetterOf } from './dead-letters/dead-letter';
import { DELIVERED, event, KEY, place, publish, sequences, TestWorker, THROTTLED } from './lane-worker.fixture';
import { LanePublisher } from './lane-publisher';
import { PublishError, Publisher } from './publisher';
import { declareTopology } from './declare-topology';
import { EVENTS, laneKey, laneOf } from './topology';

const REJECTED: Outcome = { kind: 'rejected', status: 400, response: 'invalid event' };
const DEFAULT_MAX_BYTES = 128 * 1024 * 1024;
const MAX_BYTES = 10_000;

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('message-size');
  // Its own broker, because the maximum size applies to all virtual hosts.
  broker = await startRabbitMQ({ folder: folder.path });
  const connection = await connectToBroker(broker.url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
});
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

const big = (alert: string, sequence: number) => ({
  ...event(alert, sequence),
  body: Buffer.alloc(2 * MAX_BYTES, 'x'),
});

/** Every dead letter, as it arrives. */
async function deadLetters() {
  const connection = await connectToBroker(broker.url);
  const channel = await connection.createChannel();
  const deadLetters: DeadLetter[] = [];
  await channel.consume(EVENTS.deadLetters, (delivery: ConsumeMessage | null) => {
    if (delivery !== null) deadLetters.push(deadLetterOf(delivery));
  });
  return { messages: deadLetters, close: () => connection.close() };
}

it('a message over a limit that was lowered later becomes a dead letter, and blocks nothing', async () => {
  const all = Array.from({ length: 20 }, (_, alert) => [
    ...(alert % 5 === 0 ? [big(`alert-${alert}`, 0)] : [event(`alert-${alert}`, 0)]),
    event(`alert-${alert}`, 1),
  ]).flat();
  await publish(broker.url, all);
  await broker.setMaxMessageSize(MAX_BYTES);
  const dead = await deadLetters();
  const test = new TestWorker(broker.url, ({ id }) => (id.endsWith('/0') ? REJECTED : DELIVERED));
  try {
    await waitUntil(() => test.delivered.length === 20 && dead.messages.length >= 20, {
      what: 'every second event to be delivered and every other one to be a dead letter',
      timeoutMs: 30_000,
    });
    expect([...sequences(test.delivered).values()]).toEqual(Array.from({ length: 20 }, () => [1]));
    expect(
      test.lines.filter((line) => line.startsWith('the broker no longer accepts messages of this size')),
    ).toHaveLength(4);
    expect(new Set(dead.messages.map(({ id }) => id)).size).toBe(20);
    for (const deadLetter of dead.messages) expect(deadLetter.reason).toBe('rejected');
  } finally {
    await test.worker.stop();
    await dead.close();
    await broker.setMaxMessageSize(DEFAULT_MAX_BYTES);
  }
});

/** Another key of the same lane. */
const neighbour = Array.from({ length: 10_000 }, (_, index) => `R${String(index).padStart(31, '0')}`).find(
  (key) => laneOf(EVENTS, key) === laneOf(EVENTS, KEY),
);

it('a key with such a message stays in its lane, which is not released repeatedly, and keeps its order', async () => {
  const alerts = Array.from({ length: 10 }, (_, index) => index);
  const backlog = Array.from({ length: 30 }, (_, sequence) =>
    alerts.map((alert) => (sequence === 3 && alert === 4 ? big('alert-4', 3) : event(`alert-${alert}`, sequence))),
  ).flat();
  await publish(broker.url, backlog);
  await broker.setMaxMessageSize(MAX_BYTES);
  let isThrottled = true;
  let throttled = 0;
  const test = new TestWorker(broker.url, ({ routingKey }) => {
    if (!isThrottled || routingKey !== KEY) return DELIVERED;
    throttled += 1;
    return THROTTLED;
  });
  try {
    await waitUntil(() => test.logged('publishing channel failed'), { what: 'the large message to be refused' });
    await waitUntil(() => test.worker.lanesWithoutIsolation === 1, { what: 'the key to stay where it is' });
    const before = throttled;
    await waitUntil(() => throttled >= before + 5, { what: 'further attempts' });
    expect(test.lines.filter((line) => line === 'lanes released').length).toBeLessThan(3);
    isThrottled = false;
    await publish(broker.url, [event('alert', 0, neighbour)]);
    await waitUntil(() => test.delivered.length > backlog.length, {
      what: 'everything to be delivered',
      timeoutMs: 40_000,
    });
    for (const [orderKey, order] of sequences(test.delivered)) {
      if (orderKey.startsWith(KEY)) expect(order).toEqual(Array.from({ length: 30 }, (_, index) => index));
    }
  } finally {
    await test.worker.stop();
    await broker.setMaxMessageSize(DEFAULT_MAX_BYTES);
  }
});

it('a message over the limit in the wrong lane is delivered from there, and later ones reach their own lane', async () => {
  const elsewhere = laneKey((laneOf(EVENTS, KEY) + 1) % EVENTS.lanes);
  await place(
    broker.url,
    [event('small', 0), big('large', 0), event('small', 1)].map((message) => [elsewhere, message] as const),
  );
  await broker.setMaxMessageSize(MAX_BYTES);
  const test = new TestWorker(broker.url, () => DELIVERED);
  try {
    await waitUntil(() => test.delivered.length === 3, { what: 'all three' });
    expect(sequences(test.delivered)).toEqual(
      new Map([
        [`${KEY}:small`, [0, 1]],
        [`${KEY}:large`, [0]],
      ]),
    );
  } finally {
    await test.worker.stop();
    await broker.setMaxMessageSize(DEFAULT_MAX_BYTES);
  }
});

it('a limit that is raised without a restart is noticed', async () => {
  const problems: string[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: (message: string) => void problems.push(message) };
  // A minute lasts a second.
  const clock: Clock = {
    ...SYSTEM_CLOCK,
    after: (ms, callback) => SYSTEM_CLOCK.after(ms < 60_000 ? ms : ms / 60, callback),
  };
  await broker.setMaxMessageSize(MAX_BYTES);
  const publisher = new Publisher({
    url: broker.url,
    name: 'test',
    laneGroup: EVENTS,
    queueType: 'quorum',
    log,
    clock,
  });
  publisher.start();
  const isConnected = () => publisher.state() === 'connected';
  const tooLarge = new PublishError('too-large');
  try {
    await waitUntil(isConnected, { what: 'the connection' });
    await expect(publisher.publish(big('raised', 0))).rejects.toEqual(tooLarge);
    // The limit is known now: this does not close another channel.
    await expect(publisher.publish(big('raised', 0))).rejects.toEqual(tooLarge);
    expect(problems).toEqual(['publishing channel failed']);
    await publisher.publish(event('raised', 0));
    await broker.setMaxMessageSize(DEFAULT_MAX_BYTES);
    const isTaken = () =>
      publisher.publish(big('raised', 1)).then(
        () => true,
        () => false,
      );
    await waitUntil(isTaken, { what: 'the large message to be taken' });
  } finally {
    await publisher.close();
  }
});

it('a lane whose messages are over the limit loses its channel each time, which is logged once', async () => {
  await broker.setMaxMessageSize(MAX_BYTES);
  const problems: string[] = [];
  const record = (message: string): void => void problems.push(message);
  const lane = laneOf(EVENTS, KEY);
  let refusals = 0;
  const publisher: LanePublisher = new LanePublisher({
    url: broker.url,
    name: 'test',
    laneGroup: EVENTS,
    queueType: 'quorum',
    log: { info: () => undefined, warn: record, error: record },
    onOpened: (opened) => {
      if (opened === lane) publisher.publish(lane, big('refused', 0), () => undefined);
    },
    onLost: (_lane, refusal) => {
      if (refusal?.startsWith('message size') === true) refusals += 1;
    },
  });
  publisher.start();
  try {
    await waitUntil(() => refusals === 3, { what: 'three refusals' });
    expect(problems).toEqual(['the broker closed the channel of a lane']);
  } finally {
    await publisher.close();
    await broker.setMaxMessageSize(DEFAULT_MAX_BYTES);
  }
});
