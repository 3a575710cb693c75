import { SYSTEM_RANDOM } from '@pdaltagent/clock';
import { ManualClock } from '@pdaltagent/testing';
import { type ConsumeMessage } from 'amqplib';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { copyOf, deliveryOf } from './delivery.fixture';
import { LaneChannel, type UnackedMessage } from './lane-channel';
import { channelOptions, event, KEY } from './lane-worker.fixture';
import { isOwnMessage, tableMessage } from './parking-table';
import { type Publication } from './queue-publisher';
import { Siding } from './siding';

const nothing = (): void => undefined;

/** A siding whose publications are sent, confirmed and delivered when a test says so. */
function harness({ isDelivering = false } = {}) {
  const clock = new ManualClock();
  const published: Publication[] = [];
  const acked: ConsumeMessage[] = [];
  const moved: string[] = [];
  const lane = new LaneChannel(channelOptions(), {
    onMessage: nothing,
    onUnreadable: nothing,
    onClosedByBroker: nothing,
    onLost: nothing,
    onSettled: nothing,
    onAcksLost: () => undefined,
  });
  const siding = new Siding(0, 'siding', {
    publisher: {
      isStuck: false,
      send: (publication) => void published.push(publication),
      withdraw: (publications) => {
        for (const publication of publications) published.splice(published.indexOf(publication), 1);
      },
    },
    ackDelivery: (delivery) => void acked.push(delivery),
    onMoved: ({ id }) => void moved.push(id),
    isAdmitted: () => isDelivering,
    clock,
    random: SYSTEM_RANDOM,
  });
  const messageOf = (sequence: number): UnackedMessage => ({
    ...event('disk', sequence),
    forward: {},
    maybeDuplicate: false,
    lane,
    queue: 'lane',
    deliveries: new Set([deliveryOf(Buffer.from('{}'))]),
    heldSince: 0,
    heldBytes: 0,
  });
  return { clock, siding, published, acked, moved, messageOf };
}

it('acknowledges a message in the lane once its copy is confirmed, and awaits the last copy of its key', () => {
  const { siding, published, acked, moved, messageOf } = harness();
  const messages = [messageOf(0), messageOf(1)];
  const originals = messages.flatMap(({ deliveries }) => [...deliveries]);
  for (const message of messages) siding.move(message);
  const [first, last] = published;
  if (first === undefined || last === undefined) throw new Error('two publications');
  for (const publication of [first, last]) publication.onSent?.();
  expect([acked, siding.hasMovesOf(KEY)]).toEqual([[], true]);
  first.onConfirmed?.();
  last.onConfirmed?.();
  expect(acked).toEqual(originals);
  expect(moved).toEqual(messages.map(({ id }) => id));
  expect(siding.hasMovesOf(KEY)).toBe(false);
  siding.take(copyOf(first));
  expect(siding.isAwaiting(KEY)).toBe(true);
  siding.take(copyOf(last));
  expect(siding.isAwaiting(KEY)).toBe(false);
});

it('takes a copy that is delivered for a confirm', () => {
  const { siding, published, acked, messageOf } = harness();
  const message = messageOf(0);
  const originals = [...message.deliveries];
  siding.move(message);
  const [publication] = published;
  publication?.onSent?.();
  expect(publication && siding.take(copyOf(publication))).toBe(false);
  expect(acked).toEqual(originals);
  expect(published).toEqual([]);
  expect(siding.isAwaiting(KEY)).toBe(false);
});

it('acknowledges the copy of a message that was settled before it came back, and nothing else', () => {
  const { siding, published, acked, messageOf } = harness({ isDelivering: true });
  const [settled, other] = [messageOf(0), messageOf(1)];
  for (const message of [settled, other]) siding.move(message);
  const [first, second] = published;
  if (first === undefined || second === undefined) throw new Error('two publications');
  for (const publication of [first, second]) publication.onSent?.();
  siding.onSettled(settled);
  expect([published, siding.hasSettledCopies]).toEqual([[second], true]);
  const copy = copyOf(first);
  expect(siding.take(copy)).toBe(true);
  expect(acked).toEqual([copy]);
  expect(siding.hasSettledCopies).toBe(false);
  expect(siding.take(copyOf(second))).toBe(false);
  siding.onSettled(other);
  expect(siding.hasSettledCopies).toBe(false);
});

it('a release waits for no copy that has not come back for ten seconds, which is acknowledged nevertheless', () => {
  const { clock, siding, published, acked, messageOf } = harness({ isDelivering: true });
  const message = messageOf(0);
  siding.move(message);
  const [sent] = published;
  if (sent === undefined) throw new Error('a publication');
  sent.onSent?.();
  siding.onSettled(message);
  expect(siding.hasSettledCopies).toBe(true);
  clock.advance(10_000);
  expect(siding.hasSettledCopies).toBe(false);
  const copy = copyOf(sent);
  expect(siding.take(copy)).toBe(true);
  expect(acked).toEqual([copy]);
});

it('gives back what is not confirmed, in order, and drops its copies that arrive nevertheless, once it is settled', () => {
  const { siding, published, messageOf } = harness();
  const [moved, sent, waiting] = [messageOf(0), messageOf(1), messageOf(2)];
  for (const message of [moved, sent, waiting]) siding.move(message);
  const [first, second] = published;
  if (first === undefined || second === undefined) throw new Error('three publications');
  first.onSent?.();
  first.onConfirmed?.();
  second.onSent?.();
  expect(siding.giveBack(KEY)).toEqual([sent, waiting]);
  siding.onSettled(sent);
  expect(siding.take(copyOf(second))).toBe(true);
});

it('holds the newest mark until it is not needed any more', () => {
  const { siding, published, acked } = harness();
  siding.requestMark();
  siding.requestMark();
  expect(published).toHaveLength(1);
  const [mark] = published.map(copyOf);
  expect(mark && isOwnMessage(mark) && siding.take(mark)).toBe(true);
  expect([siding.hasMark, acked]).toEqual([true, []]);
  siding.requestMark();
  expect(published).toHaveLength(1);
  siding.releaseMark();
  expect([siding.hasMark, acked]).toEqual([false, [mark]]);
});

it("what is parked on a siding is known once this owner's mark came back: messages may be after that of a former owner", async () => {
  const { siding, published } = harness();
  let isLearned = false;
  void siding.whenLearned().then(() => (isLearned = true));
  siding.requestMark();
  siding.take(copyOf(tableMessage("a former owner's mark")));
  await nextTurn();
  expect(isLearned).toBe(false);
  const [mark] = published.map(copyOf);
  expect(mark && siding.take(mark)).toBe(true);
  await nextTurn();
  expect(isLearned).toBe(true);
});
