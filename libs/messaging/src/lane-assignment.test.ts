import { ManualClock } from '@pdaltagent/testing';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { deliveryOf } from './delivery.fixture';
import { LaneAssignment } from './lane-assignment';
import { EVENTS } from './topology';

/** Everybody hears everybody, unless there is an alarm. */
class StatusExchange {
  isInAlarm = false;
  readonly #ears = new Set<(content: Buffer) => void>();

  announce(body: Buffer): void {
    if (!this.isInAlarm) for (const receive of this.#ears) receive(body);
  }

  channel() {
    return {
      assertQueue: () => Promise.resolve({ queue: 'own', messageCount: 0, consumerCount: 0 }),
      bindQueue: () => Promise.resolve({}),
      consume: (_queue: string, take: (delivery: ReturnType<typeof deliveryOf>) => void) => {
        this.#ears.add((content) => take(deliveryOf(content)));
        return Promise.resolve({ consumerTag: 'own' });
      },
    };
  }
}

/** Two workers, of which the second one can be killed, or kept from consuming anything. */
function twoWorkers() {
  const clock = new ManualClock();
  const exchange = new StatusExchange();
  const changes: string[] = [];
  const other = { isAlive: true, canConsume: true };
  const lanesOf = { one: new Set<number>(), other: new Set<number>() };
  const start = async (name: 'one' | 'other') => {
    const lanes = lanesOf[name];
    const isOne = name === 'one';
    const assignment: LaneAssignment = new LaneAssignment({
      laneGroup: EVENTS,
      announce: (body) => (isOne || other.isAlive) && exchange.announce(body),
      consumed: () => (isOne || other.canConsume ? lanes : []),
      parked: () => [],
      owned: () => lanes,
      take: (lane) => {
        lanes.add(lane);
        if (isOne) changes.push(`takes ${lane}`);
        assignment.announceSoon();
      },
      release: (lane) => {
        lanes.delete(lane);
        if (isOne) changes.push(`releases ${lane}`);
      },
      clock,
    });
    // Of queues, the broker tells the truth.
    const consumers = () => [lanesOf.one, ...(other.isAlive && other.canConsume ? [lanesOf.other] : [])];
    await assignment.join(exchange.channel(), {
      stateOf: (queue) => {
        const lane = Number(/\d+/.exec(queue)?.[0]);
        const consumerCount = consumers().some((some) => some.has(lane)) ? 1 : 0;
        return Promise.resolve({ queue, messageCount: 0, consumerCount });
      },
    });
  };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      await nextTurn();
    }
  };
  return { exchange, changes, other, lanesOf, start, pass };
}

it('takes the lanes of a worker that is killed in an alarm once, and keeps them', async () => {
  const { exchange, changes, other, lanesOf, start, pass } = twoWorkers();
  await start('one');
  await start('other');
  await pass(12_000);
  const left = [...lanesOf.other];
  expect(left.length).toBeGreaterThan(0);
  changes.length = 0;
  exchange.isInAlarm = true;
  other.isAlive = false;
  await pass(20_000);
  exchange.isInAlarm = false;
  await pass(20_000);
  expect(lanesOf.one.size).toBe(EVENTS.lanes);
  expect(changes.sort()).toEqual(left.map((lane) => `takes ${lane}`).sort());
});

it('keeps a lane until the worker that is to have it waits for it', async () => {
  const { other, lanesOf, start, pass } = twoWorkers();
  await start('one');
  await pass(2_000);
  other.canConsume = false;
  await start('other');
  await pass(20_000);
  expect(lanesOf.one.size).toBe(EVENTS.lanes);
  other.canConsume = true;
  await pass(3_000);
  const shares = [lanesOf.one.size, lanesOf.other.size];
  expect(Math.min(...shares)).toBeGreaterThan(0);
  expect(shares.reduce((sum, share) => sum + share)).toBe(EVENTS.lanes);
});

it('hands lanes over to a worker that joins within a second', async () => {
  const { lanesOf, start, pass } = twoWorkers();
  await start('one');
  await pass(2_000);
  await start('other');
  await pass(1_000);
  expect(lanesOf.other.size).toBeGreaterThan(0);
  expect(lanesOf.one.size + lanesOf.other.size).toBe(EVENTS.lanes);
});

it('asks the broker about one queue at a time, also if it does not reply for an hour', async () => {
  const clock = new ManualClock();
  const asked: string[] = [];
  const assignment = new LaneAssignment({
    laneGroup: EVENTS,
    announce: () => undefined,
    consumed: () => [],
    parked: () => [],
    owned: () => [],
    take: () => undefined,
    release: () => undefined,
    clock,
  });
  await assignment.join(new StatusExchange().channel(), {
    stateOf: (queue) => {
      asked.push(queue);
      return new Promise(() => undefined);
    },
  });
  for (let seconds = 0; seconds < 3_600; seconds += 1) clock.advance(1_000);
  expect(asked.length).toBeLessThanOrEqual(1);
});
