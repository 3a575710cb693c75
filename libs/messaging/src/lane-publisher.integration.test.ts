import { openRunFolder, type RabbitMQ, type RunFolder, startRabbitMQ, waitUntil } from '@pdaltagent/testing';
import { event } from './lane-worker.fixture';
import { LanePublisher } from './lane-publisher';
import { EVENTS } from './topology';

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
/** Longer than the timeout of a request to the broker. */
const LONGER_THAN_A_REPLY_MS = 13_000;
const RENEWED_LANE = 7;

let folder: RunFolder;
let broker: RabbitMQ;

beforeAll(async () => {
  folder = openRunFolder('lane-publisher');
  broker = await startRabbitMQ({ folder: folder.path });
}, 180_000);
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
    opened: (lane) => {
      opened.push(lane);
      if (happened.length > 0) return;
      sent.push(lane);
      publisher.publish(lane, event('disk', lane), () => settled.push(lane));
    },
    lost: () => happened.push('lost'),
    blocked: () => happened.push('blocked'),
    unblocked: () => happened.push('unblocked'),
  });
  publisher.start();
  await waitUntil(() => happened.includes('blocked'), { what: 'the alarm' });
  await waitUntil(() => opened.length === EVENTS.lanes, { what: 'a channel for each lane' });
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
}, 120_000);
