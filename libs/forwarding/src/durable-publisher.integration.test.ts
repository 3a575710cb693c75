import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { declareTopology, EVENTS, laneOf, laneQueue, type OutgoingMessage, writeRecord } from '@pdaltagent/messaging';
import { claimSpool, Quarantine } from '@pdaltagent/spool';
import {
  connectToBroker,
  FaultProxy,
  type RecordedLine,
  recordingLogger,
  testServers,
  waitUntil,
} from '@pdaltagent/testing';
import { type ChannelModel } from 'amqplib';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DurablePublisher } from './durable-publisher';
import { NotDurableError } from './not-durable-error';

const KEY = '01234567890123456789012345678901';
const LANE = laneOf(EVENTS, KEY);

let root: string;
let amqpUrl: string;
let proxy: FaultProxy;
let log: RecordedLine[];
let connection: ChannelModel;
/** Ids of the messages that arrived on the lane. */
let arrived: string[];
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  ({ amqpUrl } = await testServers());
  connection = await connectToBroker(amqpUrl);
  await declareTopology(connection, EVENTS, 'quorum');
  const channel = await connection.createChannel();
  await channel.consume(laneQueue(EVENTS, LANE), (found) => {
    if (found === null) return;
    arrived.push(String(found.properties.messageId));
    channel.ack(found);
  });
});
afterAll(() => connection.close());
beforeEach(async () => {
  log = [];
  arrived = [];
  root = await mkdtemp(path.join(tmpdir(), 'publisher-'));
  proxy = await FaultProxy.start(amqpUrl);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await proxy.stop();
  await rm(root, { recursive: true, force: true });
});

interface Rig {
  readonly publisher: DurablePublisher;
  readonly quarantine: Quarantine;
  /** Ids of the messages that were reported as quarantined. */
  readonly quarantined: readonly (string | undefined)[];
  readonly spooled: () => number;
}

async function start(clock = SYSTEM_CLOCK, maximumBytes = 2 ** 26): Promise<Rig> {
  const logger = recordingLogger(log);
  const { spool, legacy } = await claimSpool(root, { maximumBytes, log: logger, laneOf: () => LANE });
  const quarantine = await Quarantine.open(path.join(root, 'quarantine'), logger);
  const quarantined: (string | undefined)[] = [];
  const publisher = new DurablePublisher({
    broker: { url: proxy.url(amqpUrl), name: 'test', laneGroup: EVENTS, queueType: 'quorum' },
    spool,
    legacy,
    quarantine,
    limits: { confirmTimeoutMs: 1_000, maxInFlight: 1_000 },
    log: logger,
    clock,
    onSpoolBegun: () => undefined,
    onQuarantined: (_problem, quarantinedMessage) => void quarantined.push(quarantinedMessage?.id),
  });
  stops.push(() => publisher.close());
  publisher.start();
  return { publisher, quarantine, quarantined, spooled: () => spool.entries };
}

it('makes up for a purge that an earlier process owed, whether or not RabbitMQ can be reached', async () => {
  const { spool, legacy } = await claimSpool(root, {
    maximumBytes: 2 ** 26,
    log: recordingLogger([]),
    laneOf: () => LANE,
  });
  const secret = Buffer.from('ann@example.com');
  await spool.append(LANE, 1, secret);
  await spool.owePurge();
  spool.erase(LANE, 1, secret.length);
  await Promise.all([spool.close(), legacy?.close()]);
  const isOnDisk = async (): Promise<boolean> => {
    const files = await readdir(spool.folder);
    const contents = await Promise.all(
      files.map((name) => readFile(path.join(spool.folder, name)).catch(() => secret)),
    );
    return contents.some((content) => content.includes(secret));
  };
  expect(await isOnDisk()).toBe(true);
  await proxy.inject({ kind: 'down' });
  await start();
  await waitUntil(async () => !(await isOnDisk()), { what: 'the event to be gone' });
});

let counter = 0;
function message(changes: Partial<OutgoingMessage> = {}): OutgoingMessage {
  counter += 1;
  return {
    id: `id-${counter}`,
    type: 'integration',
    routingKey: KEY,
    orderKey: `${KEY}:${counter}`,
    body: Buffer.from(String(counter)),
    contentType: 'text/plain',
    receivedAt: Date.now(),
    ...changes,
  };
}

const isDirect = ({ publisher }: Rig): Promise<boolean> =>
  waitUntil(() => publisher.mode === 'direct', { what: 'events to go directly to the broker' });

/** Resolves once exactly these messages have arrived, in this order. */
async function arrive(messages: readonly OutgoingMessage[]): Promise<void> {
  await waitUntil(() => arrived.length >= messages.length, { what: `${messages.length} messages to arrive` });
  expect(arrived).toEqual(messages.map(({ id }) => id));
}

/** Messages that AMQP 0-9-1 cannot encode, as an earlier release may have spooled them. */
const POISON: Readonly<Record<string, Partial<OutgoingMessage>>> = {
  'an id over 255 bytes': { id: 'i'.repeat(256) },
  'a name of a header over 255 bytes': { forward: { ['h'.repeat(256)]: 'value' } },
  'headers that do not fit a frame': { forward: { large: 'v'.repeat(140_000) } },
  'a query that does not fit a frame': { query: 'q'.repeat(140_000) },
};

it.each(Object.entries(POISON))('quarantines %s, and publishes what comes after it', async (_name, poison) => {
  const rig = await start();
  await isDirect(rig);
  const before = message();
  const after = message();
  const poisoned = message(poison);
  await Promise.all([before, poisoned, after].map((each) => rig.publisher.publish(each)));
  expect(rig.quarantine.entries).toBe(1);
  expect(rig.quarantined).toEqual([poisoned.id]);
  await arrive([before, after]);
  await isDirect(rig);
});

it('quarantines spooled events that cannot be published, and drains what comes after them', async () => {
  await proxy.inject({ kind: 'down' });
  const rig = await start();
  const good = Array.from({ length: 20 }, () => message());
  const poison = Object.values(POISON).map((shape) => message(shape));
  await Promise.all([...good.slice(0, 10), ...poison, ...good.slice(10)].map((each) => rig.publisher.publish(each)));
  expect(rig.spooled()).toBe(24);
  await proxy.heal();
  await isDirect(rig);
  expect(rig.spooled()).toBe(0);
  expect(rig.quarantine.entries).toBe(poison.length);
  await arrive(good);
});

it('leaves a record of a newer version in the spool, and publishes what comes after it', async () => {
  const sequence = Date.now() * 1_000;
  const { spool } = await claimSpool(root, {
    maximumBytes: 2 ** 26,
    log: recordingLogger([]),
    laneOf: () => LANE,
  });
  const newer = writeRecord(message());
  newer.writeUInt8(99, 0);
  const known = message();
  await spool.append(LANE, sequence, newer);
  await spool.append(LANE, sequence + 1, writeRecord(known));
  await spool.close();

  const rig = await start();
  await isDirect(rig);
  await arrive([known]);
  expect(rig.spooled()).toBe(1);
  const reports = log.filter(({ message: line }) => line.includes('newer version'));
  expect(reports.map(({ fields }) => fields)).toMatchObject([{ sequence, version: 99 }]);
});

it('waits for a broker that is reachable at once, instead of spooling the first events', async () => {
  // On a busy machine it may take longer than the 3 s for which a gateway waits.
  const slow: Clock = { ...SYSTEM_CLOCK, monotonic: () => SYSTEM_CLOCK.monotonic() / 100 };
  const rig = await start(slow);
  await Promise.all(Array.from({ length: 50 }, () => rig.publisher.publish(message())));
  await isDirect(rig);
  expect(log.filter(({ message: line }) => line.includes('to the spool'))).toEqual([]);
});

it('a sender that fills the spool during an outage leaves room for the others', async () => {
  await proxy.inject({ kind: 'down' });
  const { publisher } = await start(SYSTEM_CLOCK, 40_000);
  /** In any lane, so that no lane is filled. */
  const large = () =>
    message({ routingKey: `${String(counter).padStart(4, '0')}${KEY.slice(4)}`, body: Buffer.alloc(1_000) });
  await publisher.publish(large(), 'quiet');
  const refused = async () => {
    for (let count = 0; count < 100; count += 1) {
      const isRefused = await publisher.publish(large(), 'noisy').then(
        () => false,
        (error: unknown) => error instanceof NotDurableError && error.reason === 'full',
      );
      if (isRefused) return count;
    }
    return undefined;
  };
  expect(await refused()).toBeGreaterThan(10);
  await publisher.publish(large(), 'quiet');
  await publisher.publish(large(), 'another');
  expect(await refused()).toBe(0);
});

it('looks at its lanes several times a second only while there is something to do', async () => {
  const waiting = new Set<() => void>();
  const counting: Clock = {
    ...SYSTEM_CLOCK,
    after: (ms, callback) => {
      if (ms !== 100) return SYSTEM_CLOCK.after(ms, callback);
      const due = () => {
        waiting.delete(due);
        callback();
      };
      waiting.add(due);
      const cancel = SYSTEM_CLOCK.after(ms, due);
      return () => {
        waiting.delete(due);
        cancel();
      };
    },
  };
  const rig = await start(counting);
  await isDirect(rig);
  const isIdle = () => waitUntil(() => waiting.size === 0, { what: 'the timer to stop' });
  await isIdle();
  await proxy.inject({ kind: 'down' });
  await rig.publisher.publish(message());
  expect(rig.spooled()).toBe(1);
  expect(waiting.size).toBe(1);
  await proxy.heal();
  await isDirect(rig);
  await isIdle();
  await rig.publisher.publish(message());
  await isIdle();
});
