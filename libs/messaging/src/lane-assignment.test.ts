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

it('takes the lanes of a worker that is killed in an alarm once, and keeps them', async () => {
  const clock = new ManualClock();
  const exchange = new StatusExchange();
  const changes: string[] = [];
  const lanesOf = { one: new Set<number>(), other: new Set<number>() };
  const isAlive = { one: true, other: true };
  const start = async (name: 'one' | 'other') => {
    const lanes = lanesOf[name];
    const assignment = new LaneAssignment({
      laneGroup: EVENTS,
      announce: (body) => isAlive[name] && exchange.announce(body),
      consumed: () => lanes,
      parked: () => [],
      owned: () => lanes,
      take: (lane) => {
        lanes.add(lane);
        if (name === 'one') changes.push(`takes ${lane}`);
      },
      release: (lane) => {
        lanes.delete(lane);
        if (name === 'one') changes.push(`releases ${lane}`);
      },
      clock,
    });
    // Of queues, the broker tells the truth.
    const consumers = () => [lanesOf.one, ...(isAlive.other ? [lanesOf.other] : [])];
    await assignment.join(exchange.channel(), {
      stateOf: (queue) => {
        const lane = Number(/\d+/.exec(queue)?.[0]);
        const consumerCount = consumers().some((some) => some.has(lane)) ? 1 : 0;
        return Promise.resolve({ queue, messageCount: 0, consumerCount });
      },
    });
  };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250);
      await nextTurn();
    }
  };
  await start('one');
  await start('other');
  await pass(12_000);
  const left = [...lanesOf.other];
  expect(left.length).toBeGreaterThan(0);
  changes.length = 0;
  exchange.isInAlarm = true;
  isAlive.other = false;
  await pass(20_000);
  exchange.isInAlarm = false;
  await pass(20_000);
  expect(lanesOf.one.size).toBe(EVENTS.lanes);
  expect(changes.sort()).toEqual(left.map((lane) => `takes ${lane}`).sort());
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
