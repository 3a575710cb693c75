import { EVENTS, fromDelivery, laneOf, laneQueue } from '@pdaltagent/messaging';
import {
  connectToBroker,
  openRunFolder,
  type RabbitMQ,
  type RunFolder,
  startRabbitMQ,
  waitUntil,
} from '@pdaltagent/testing';
import { Quarantine } from '@pdaltagent/spool';
import { type ConsumeMessage } from 'amqplib';
import { declareTopologies, KEY, MINUTE, NOW, OTHER_KEY, runCli, waitingInLane } from '../cli.fixture';
import { GatewayFolder, messageOf } from './quarantine.fixture';

const DEFAULT_MAX_BYTES = 128 * 1024 * 1024;
const SMALL_BYTES = 10_000;

let runFolder: RunFolder;
let broker: RabbitMQ;
let gateway: GatewayFolder;

beforeAll(async () => {
  runFolder = openRunFolder('quarantine');
  // A separate broker: max_message_size applies to all virtual hosts.
  broker = await startRabbitMQ({ folder: runFolder.path });
  await declareTopologies(broker.url);
});
afterAll(async () => {
  await broker.stop();
  runFolder.remove();
});
beforeEach(() => {
  gateway = new GatewayFolder();
});
afterEach(async () => {
  gateway.remove();
  await broker.setMaxMessageSize(DEFAULT_MAX_BYTES);
  await drainLane(KEY);
  await drainLane(OTHER_KEY);
});

const replay = (words: string, options: { answer?: string; url?: string } = {}) =>
  runCli(
    ['quarantine', 'replay', ...words.split(' ')],
    { ...gateway.environment, PDAGENTD_AMQP_URL: options.url ?? broker.url },
    options,
  );

/** Consumes all messages in the lane of a key. */
async function drainLane(key = KEY): Promise<ConsumeMessage[]> {
  const connection = await connectToBroker(broker.url);
  const channel = await connection.createChannel();
  const lane = laneQueue(EVENTS, laneOf(EVENTS, key));
  const { messageCount } = await channel.checkQueue(lane);
  const messages: ConsumeMessage[] = [];
  await channel.consume(lane, (message) => message && messages.push(message), { noAck: true });
  await waitUntil(() => messages.length === messageCount, { what: 'all that waits in the lane' });
  await connection.close();
  return messages;
}

it('keeps what the broker refuses and reports why, and sends it once the broker accepts it', async () => {
  await broker.setMaxMessageSize(SMALL_BYTES);
  await gateway.add({ id: 'm1' }, { id: 'big', size: SMALL_BYTES, alert: 'big' }, { id: 'm3', key: OTHER_KEY });
  const first = await replay('--all');
  expect(first.code).toBe(1);
  expect(first.error).toMatch(
    /^big was not sent: refused: message size \d+ is larger than configured max size 10000$/m,
  );
  expect(first.error).toMatch(/^2 of 3 events replayed; 1 event in the quarantine$/m);
  expect(await gateway.ids()).toEqual(['big']);
  expect([await waitingInLane(broker.url), await waitingInLane(broker.url, OTHER_KEY)]).toEqual([1, 1]);

  await broker.setMaxMessageSize(DEFAULT_MAX_BYTES);
  const { out } = await replay('big m9 --json');
  expect(JSON.parse(out)).toMatchObject({
    sent: 1,
    missing: ['m9'],
    error: null,
    events: [{ id: 'big', sent: true, refused: null }],
  });
  expect(await gateway.ids()).toEqual([]);
  expect(await waitingInLane(broker.url)).toBe(2);
});

it('keeps what AMQP cannot encode, and sends the others', async () => {
  await gateway.add({ id: 'name', forward: { ['x'.repeat(256)]: '' } });
  // Larger than a frame, which would close the connection.
  await gateway.add({ id: 'frame', forward: { x: 'x'.repeat(200_000) } }, { id: 'm3' });
  const { code, error } = await replay('--all');
  expect(code).toBe(1);
  expect(error).toMatch(/^name was not sent: unencodable: /m);
  expect(error).toMatch(/^frame was not sent: unencodable: /m);
  expect(await gateway.ids()).toEqual(['name', 'frame']);
  expect(await waitingInLane(broker.url)).toBe(1);
});

it('sends an event as it was accepted, with a new age, marked as a possible duplicate', async () => {
  await gateway.add({ id: 'm1', ageMs: 30 * MINUTE });
  const { code, out } = await replay('m1');
  expect(code).toBe(0);
  expect(out.split('\n')[1]).toMatch(/^trigger +30 min +db1\/disk +…d1a6 +m1 +later progress of the alert is unknown$/);
  const [delivery] = await drainLane();
  const original = messageOf({ id: 'm1', ageMs: 30 * MINUTE });
  expect(delivery && fromDelivery(delivery)).toEqual({
    kind: 'message',
    message: {
      ...original,
      forward: {},
      maybeDuplicate: true,
      receivedAt: NOW,
      originalReceivedAt: original.receivedAt,
    },
  });
});

it('sends the events of an alert in the order of acceptance, and reports which remain', async () => {
  await gateway.add({ id: 'second', action: 'resolve', ageMs: 2 * MINUTE }, { id: 'first', ageMs: 3 * MINUTE });
  await gateway.add({ id: 'third', ageMs: 1 * MINUTE });
  const { code, out } = await replay('second first');
  expect(code).toBe(0);
  expect(out).toContain('1 later event of the alert is also in the quarantine');
  expect((await drainLane()).map(({ properties }) => String(properties.messageId))).toEqual(['first', 'second']);
});

it('skips triggers older than an hour and unreadable records, and reports them', async () => {
  await gateway.add({ id: 'old', ageMs: 61 * MINUTE });
  await gateway.put('newer', Buffer.from([2]), { problem: 'damaged' });
  await gateway.put('damaged', Buffer.from([0]), { problem: 'damaged' });
  const { code, out, error } = await replay('old newer damaged');
  expect(code).toBe(1);
  expect(out).toMatch(/ old +skipped: stale\n/);
  expect(out).toMatch(/ newer +skipped: written by a newer version \(record version 2\)\n/);
  expect(out).toMatch(/ damaged +skipped: damaged\n/);
  expect(error).toContain('1 event older than an hour would open an alert');
  expect(await gateway.ids()).toEqual(['old', 'newer', 'damaged']);
  expect((await replay('--all --stale')).code).toBe(0);
  expect(await gateway.ids()).toEqual(['newer', 'damaged']);
});

it('asks for confirmation on a terminal, and changes nothing without a yes', async () => {
  await gateway.add({ id: 'm1' });
  expect(await replay('--all', { answer: '' })).toMatchObject({ code: 1, questions: ['Replay 1 event? [y/N] '] });
  expect(await gateway.ids()).toEqual(['m1']);
  expect(await waitingInLane(broker.url)).toBe(0);
  expect((await replay('m1 m9', { answer: 'y' })).code).toBe(1);
  expect(await gateway.ids()).toEqual([]);
});

it('loses nothing while the broker is unreachable', async () => {
  await gateway.add({ id: 'm1' });
  const { code, error } = await replay('--all', { url: 'amqp://guest:s3cret@127.0.0.1:1' });
  expect(code).toBe(1);
  expect(error).toMatch(/^pdaltagent: the broker is unreachable: /);
  expect(await gateway.ids()).toEqual(['m1']);
});

it('reports an event as sent that it could not remove, so that nobody sends it twice', async () => {
  await gateway.add({ id: 'm1' }, { id: 'm2' });
  const removal = jest.spyOn(Quarantine.prototype, 'remove').mockRejectedValueOnce(new Error('EROFS: read-only'));
  const { code, error } = await replay('--all --yes');
  removal.mockRestore();
  expect(code).toBe(1);
  expect(error).toContain('m1 was sent, but is in the quarantine again');
  expect(error).toMatch(/stopped after 1 of 2 events; .*EROFS/);
  expect(await waitingInLane(broker.url)).toBe(1);
});

it('loses nothing if no queue accepts an event', async () => {
  await gateway.add({ id: 'm1' });
  const connection = await connectToBroker(broker.url);
  const channel = await connection.createChannel();
  await channel.unbindQueue(
    laneQueue(EVENTS, laneOf(EVENTS, KEY)),
    EVENTS.exchange,
    laneQueue(EVENTS, laneOf(EVENTS, KEY)).slice(-2),
  );
  const { code, error } = await replay('--all');
  await connection.close();
  await declareTopologies(broker.url);
  expect(code).toBe(1);
  expect(error).toContain(
    'stopped after 0 of 1 event; none is lost, those that were not sent are still in the quarantine',
  );
  expect(error).toContain('the message could not be routed to a queue');
  expect(await gateway.ids()).toEqual(['m1']);
});
