import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { EVENTS, laneOf, laneQueue, type OutgoingMessage, writeRecord } from '@pdaltagent/messaging';
import { readConfiguration } from '@pdaltagent/service';
import { claimSpool, type Spool } from '@pdaltagent/spool';
import { connectToBroker, type RecordedLine, recordingLogger, testServers, waitUntil } from '@pdaltagent/testing';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';

const KEY = '01234567890123456789012345678901';
const VERSION = 9;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'newer-records-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function record(id: string): Buffer {
  const message: OutgoingMessage = {
    id,
    type: 'v2',
    routingKey: KEY,
    orderKey: `${KEY}:${id}`,
    body: Buffer.from(id),
    contentType: 'application/json',
    receivedAt: 1_700_000_000_000,
  };
  return writeRecord(message);
}

function newerRecord(id: string): Buffer {
  const newer = record(id);
  newer.writeUInt8(VERSION, 0);
  return newer;
}

const LANE = laneOf(EVENTS, KEY);

async function claim(log: RecordedLine[]): Promise<Spool> {
  const options = { maximumBytes: 1024 ** 2, log: recordingLogger(log), laneOf: () => LANE };
  const { spool } = await claimSpool(path.join(folder, 'spool'), options);
  return spool;
}

it('keeps records of a newer version in its spool, logs each once, and publishes what comes after them', async () => {
  const { amqpUrl } = await testServers();
  const log: RecordedLine[] = [];
  const before = await claim(log);
  await before.append(LANE, 1_700_000_000_000_001, newerRecord('first'));
  await before.append(LANE, 1_700_000_000_000_002, record('second'));
  await before.append(LANE, 1_700_000_000_000_003, newerRecord('third'));
  await before.close();

  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: amqpUrl,
    PDAGENTD_HTTP_PORT: '0',
    PDAGENTD_HTTPS_PORT: '0',
    PDAGENTD_STATE_DIR: folder,
  });
  const app = createApp(configuration, { logger: recordingLogger(log), metrics: new Registry() });
  await app.start();
  await waitUntil(() => app.readiness().checks.mode === 'direct', { what: 'events to go directly to the broker' });
  await app.stop();
  expect(log.filter(({ message }) => message.includes('newer version')).map(({ fields }) => fields)).toEqual([
    expect.objectContaining({ sequence: 1_700_000_000_000_001, version: VERSION }),
    expect.objectContaining({ sequence: 1_700_000_000_000_003, version: VERSION }),
  ]);

  const connection = await connectToBroker(amqpUrl);
  const arrived: string[] = [];
  const channel = await connection.createChannel();
  await channel.consume(laneQueue(EVENTS, LANE), (message) => {
    if (message !== null) arrived.push(message.content.toString());
  });
  await waitUntil(() => arrived.length > 0, { what: 'the event between them to arrive' });
  await connection.close();
  expect(arrived).toEqual(['second']);

  const after = await claim(log);
  const kept = await after.read(LANE, 0, { entries: 10, bytes: Infinity });
  expect(kept.map(({ content }) => content)).toEqual([newerRecord('first'), newerRecord('third')]);
  await after.close();
});
