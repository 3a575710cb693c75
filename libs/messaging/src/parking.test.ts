import { SYSTEM_RANDOM } from '@pdaltagent/clock';
import { ManualClock } from '@pdaltagent/testing';
import { copyOf, deliveryOf } from './delivery.fixture';
import { LaneChannel, type UnackedMessage } from './lane-channel';
import { channelOptions, event, KEY } from './lane-worker.fixture';
import { type LaneChange } from './lane-worker-options';
import { Parking } from './parking';
import { type ParkedKeys } from './parking-table';
import { type Publication } from './queue-publisher';
import { Siding } from './siding';

const nothing = (): void => undefined;
const WINDOW = 4;
const QUEUE = 'lane';

/** A lane with two open sidings, whose publications and table arrive when a test says so. */
function harness() {
  const clock = new ManualClock();
  const lane = new LaneChannel(channelOptions(undefined, clock), {
    onMessage: nothing,
    onUnreadable: nothing,
    onClosedByBroker: nothing,
    onLost: nothing,
    onSettled: nothing,
    onAcksLost: nothing,
  });
  const held = new Set<UnackedMessage>();
  const queues = new Map<unknown, string>();
  jest.spyOn(lane, 'held', 'get').mockReturnValue(held);
  jest.spyOn(lane, 'queueOf').mockImplementation((delivery) => queues.get(delivery));
  jest.spyOn(lane, 'countOf').mockImplementation((queue) => [...held].filter((each) => each.queue === queue).length);
  jest.spyOn(lane, 'isFull').mockImplementation((queue) => lane.countOf(queue) >= WINDOW);
  const published: Publication[][] = [[], []];
  const sidings = published.map(
    (publications, index) =>
      new Siding(index, `siding ${index}`, {
        publisher: {
          isStuck: false,
          send: (publication) => void publications.push(publication),
          withdraw: nothing,
        },
        ackDelivery: nothing,
        onMoved: nothing,
        isAdmitted: () => false,
        clock,
        random: SYSTEM_RANDOM,
      }),
  );
  for (const siding of sidings) siding.isOpen = true;
  const tables: ParkedKeys[] = [];
  const table = {
    isWriting: false,
    heldSince: clock.monotonic(),
    onBack: nothing,
    write: (keys: ParkedKeys, onBack: () => void) => {
      tables.push(keys);
      table.isWriting = true;
      table.onBack = () => {
        table.isWriting = false;
        table.heldSince = clock.monotonic();
        onBack();
      };
    },
  };
  const admitted: UnackedMessage[] = [];
  const changes: LaneChange[] = [];
  const unreachable = { isUnreachable: false };
  const parking = new Parking({
    index: 0,
    queue: QUEUE,
    lane,
    sidingPrefetch: WINDOW,
    sidings,
    table,
    dispatcher: {
      has: (message) => held.has(message),
      isBusy: () => false,
      isUnreachable: () => unreachable.isUnreachable,
      waitsForSlot: () => false,
      hangsAfterMs: () => 2_000,
    },
    publishing: { accepts: () => true },
    admit: (message) => void admitted.push(message),
    onChange: (change) => void changes.push(change),
    retake: nothing,
    log: { info: nothing, warn: nothing, error: nothing },
    clock,
  });
  const messageOf = (sequence: number, queue = QUEUE): UnackedMessage => {
    const delivery = deliveryOf(Buffer.from('{}'));
    queues.set(delivery, queue);
    return {
      ...event('disk', sequence),
      forward: {},
      maybeDuplicate: false,
      lane,
      queue,
      deliveries: new Set([delivery]),
      heldSince: clock.monotonic(),
      heldBytes: 0,
    };
  };
  /** Checks for as long as that takes in production. */
  const checkFor = (ms: number): void => {
    for (const end = clock.monotonic() + ms; clock.monotonic() < end; clock.advance(250)) parking.check(true);
  };
  /** Delivers what was published to a siding. */
  const answer = (index: number): void => {
    for (const publication of published[index]?.splice(0) ?? []) {
      publication.onConfirmed?.();
      sidings[index]?.take(copyOf(publication));
    }
  };
  const [first, second] = sidings;
  if (first === undefined || second === undefined) throw new Error('two sidings');
  return {
    clock,
    parking,
    held,
    first,
    second,
    published,
    table,
    tables,
    admitted,
    changes,
    unreachable,
    messageOf,
    checkFor,
    answer,
  };
}

it('parks a key on a siding that answers, although another one does not', () => {
  const { parking, held, tables, messageOf, checkFor, answer } = harness();
  parking.begin(new Map(), true);
  for (let sequence = 0; sequence < WINDOW; sequence += 1) held.add(messageOf(sequence));
  checkFor(4_000);
  expect(tables).toEqual([]);
  for (let second = 0; second < 5; second += 1) {
    checkFor(1_000);
    answer(1);
  }
  expect(tables).toEqual([new Map([[KEY, [1]]])]);
});

it('parks a key beside two that are delivered rather than beside one that fills its siding', () => {
  const { parking, held, first, tables, messageOf, checkFor, answer } = harness();
  parking.begin(
    new Map([
      ['stuck', [0]],
      ['slow', [1]],
      ['slower', [1]],
    ]),
    true,
  );
  for (let sequence = 0; sequence < WINDOW; sequence += 1) {
    held.add({ ...messageOf(sequence, first.queue), routingKey: 'stuck' });
    held.add(messageOf(sequence));
  }
  checkFor(1_000);
  for (const index of [0, 1]) answer(index);
  checkFor(1_000);
  expect(tables.at(-1)?.get(KEY)).toEqual([1]);
});

it('parks keys that fill a window for ten seconds although many failing keys make PagerDuty seem unavailable', () => {
  const { parking, held, tables, unreachable, messageOf, checkFor, answer } = harness();
  parking.begin(new Map(), true);
  unreachable.isUnreachable = true;
  for (let sequence = 0; sequence < WINDOW; sequence += 1) held.add(messageOf(sequence));
  checkFor(9_000);
  expect(tables).toEqual([]);
  checkFor(2_000);
  answer(0);
  checkFor(1_000);
  expect(tables).toEqual([new Map([[KEY, [0]]])]);
});

it('writes no table before it is known which keys are parked', () => {
  const { parking, held, first, second, tables, messageOf, checkFor } = harness();
  parking.begin(new Map(), false);
  held.add(messageOf(0, first.queue));
  parking.adopt(KEY, first);
  checkFor(2_000);
  expect(tables).toEqual([]);
  parking.adopt('another key', second);
  void parking.writeFirst();
  expect(tables).toEqual([
    new Map([
      [KEY, [0]],
      ['another key', [1]],
    ]),
  ]);
});

it('a message that is delivered because its key returned to the lane is not moved as well', () => {
  const { parking, held, first, published, table, admitted, messageOf } = harness();
  parking.begin(new Map(), true);
  const [copy, next] = [messageOf(0, first.queue), messageOf(1)];
  held.add(copy);
  parking.adopt(KEY, first);
  parking.redirect(next);
  parking.check(true);
  first.isKnown = true;
  held.delete(copy);
  parking.check(true);
  expect([parking.size, admitted]).toEqual([0, [next]]);
  table.onBack();
  expect(published[0]?.filter(({ properties }) => properties.messageId === next.id)).toEqual([]);
});

it('reports a key as parked once its table has come back, and as returned once its siding is drained', () => {
  const { parking, held, first, table, changes, messageOf, checkFor, answer } = harness();
  parking.begin(new Map(), true);
  const blocking = Array.from({ length: WINDOW }, (_, sequence) => messageOf(sequence));
  for (const message of blocking) held.add(message);
  checkFor(1_000);
  answer(0);
  checkFor(1_000);
  expect(changes).toEqual([]);
  table.onBack();
  expect(changes).toEqual([{ kind: 'key-parked', routingKey: KEY, lane: 0, siding: 0 }]);
  held.clear();
  answer(0);
  first.isKnown = true;
  checkFor(1_000);
  expect(changes.slice(1)).toEqual([{ kind: 'key-returned', routingKey: KEY, lane: 0 }]);
});

it('renews the table and the marks of used sidings every five minutes, before the lane is released because of their age', () => {
  const { clock, parking, held, first, table, messageOf, checkFor, answer } = harness();
  parking.begin(new Map([[KEY, [0]]]), true);
  held.add(messageOf(0, first.queue));
  first.requestMark();
  answer(0);
  for (let minute = 0; minute < 20; minute += 1) {
    checkFor(60_000);
    if (table.isWriting) table.onBack();
    answer(0);
    expect(clock.monotonic() - Math.min(first.markedAt, table.heldSince)).toBeLessThan(8 * 60_000);
  }
});
