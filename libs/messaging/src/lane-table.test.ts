import { SYSTEM_RANDOM } from '@pdaltagent/clock';
import { ManualClock } from '@pdaltagent/testing';
import { type ConsumeMessage } from 'amqplib';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { copyOf } from './delivery.fixture';
import { LaneChannel } from './lane-channel';
import { LaneTable } from './lane-table';
import { channelOptions } from './lane-worker.fixture';
import { type OwnMessage, type ParkedKeys, tableMessage } from './parking-table';

const nothing = (): void => undefined;

/** The table of a lane that its owner has just taken. */
async function takenTable(inQueue: readonly OwnMessage[] = [tableMessage('first', new Map())]) {
  const clock = new ManualClock();
  const written: OwnMessage[] = [];
  const acked: string[] = [];
  let losses = 0;
  let deliver: (delivery: ConsumeMessage) => boolean = () => false;
  const lane = new LaneChannel(channelOptions(undefined, clock), {
    onMessage: nothing,
    onUnreadable: nothing,
    onClosedByBroker: nothing,
    onLost: nothing,
    onSettled: nothing,
    onAcksLost: nothing,
  });
  jest.spyOn(lane, 'subscribe').mockImplementation((_queue, take) => {
    deliver = take;
    return Promise.resolve();
  });
  jest.spyOn(lane, 'ackDelivery').mockImplementation(({ properties }) => void acked.push(String(properties.messageId)));
  const table = new LaneTable({
    queue: 'table',
    lane,
    publisher: { send: (message) => void written.push(message) },
    onLost: () => (losses += 1),
    clock,
    random: SYSTEM_RANDOM,
  });
  const receive = (message: OwnMessage, redelivered = false): void => {
    const delivery = copyOf(message);
    deliver({ ...delivery, fields: { ...delivery.fields, redelivered } });
  };
  const taken = table.take(nothing);
  await nextTurn();
  for (const message of inQueue) receive(message, true);
  return { keys: await taken, table, written, acked, receive, losses: () => losses };
}

const KEYS: ParkedKeys = new Map([['a key', [0]]]);

it("a former owner that is active again leaves the lane to learn its successor's parked keys, whose table it keeps", async () => {
  const { table, written, acked, receive, losses } = await takenTable();
  const onBack = jest.fn();
  table.write(new Map(), onBack);
  receive(tableMessage("the successor's", KEYS), true);
  for (const own of written) receive(own);
  receive(tableMessage("the successor's", KEYS), true);
  expect([losses(), acked]).toEqual([1, []]);
  expect(onBack).not.toHaveBeenCalled();
});

it('takes a lane whose table is in its queue twice, because a former owner sent it again', async () => {
  const { keys, table, written, acked, receive, losses } = await takenTable([
    tableMessage('twice', KEYS),
    tableMessage('twice', KEYS),
  ]);
  expect([keys, losses(), acked]).toEqual([KEYS, 0, []]);
  table.write(KEYS, nothing);
  for (const own of written) receive(own);
  expect(acked).toEqual(['twice', 'twice']);
});

it('leaves a lane whose table is delivered again: the broker had taken it back', async () => {
  const { receive, acked, losses } = await takenTable();
  receive(tableMessage('first', new Map()), true);
  expect([losses(), acked]).toEqual([1, []]);
});

it('keeps the lane when a worker that waits for it writes a mark, or a table of its own arrives twice', async () => {
  const { table, written, acked, receive, losses } = await takenTable();
  receive(tableMessage('a mark'));
  for (let count = 0; count < 2; count += 1) {
    table.write(KEYS, nothing);
    for (const own of written) receive(own);
  }
  expect(losses()).toBe(0);
  expect(acked).toEqual([
    'a mark',
    'first',
    ...written.slice(0, 1).flatMap(({ properties }) => [properties.messageId, properties.messageId]),
  ]);
});

it('refuses to write two tables concurrently', async () => {
  const { table } = await takenTable();
  table.write(KEYS, nothing);
  expect(() => table.write(KEYS, nothing)).toThrow('a table of the lane is still being written');
});
