import { LaneDepths } from './lane-depths';
import { EVENTS, laneQueue } from './topology';

const stateOf = (queue: string, messageCount: number) => Promise.resolve({ queue, messageCount, consumerCount: 1 });

it('asks the broker about one queue at a time, also if it does not reply', async () => {
  const asked: string[] = [];
  const silent = {
    stateOf: (queue: string) => {
      asked.push(queue);
      return new Promise<undefined>(() => undefined);
    },
  };
  const depths = new LaneDepths(EVENTS);
  for (let round = 0; round < 10; round += 1) void depths.refresh(silent, [0, 1]);
  expect(asked).toEqual([laneQueue(EVENTS, 0)]);
  // Of another connection.
  await depths.refresh({ stateOf: (queue) => stateOf(queue, 2) }, [0]);
  expect(depths.in(laneQueue(EVENTS, 0))).toBe(2);
});

it('asks again for each refresh', async () => {
  let messageCount = 1;
  const checks = { stateOf: (queue: string) => stateOf(queue, messageCount) };
  const depths = new LaneDepths(EVENTS);
  await depths.refresh(checks, [0]);
  messageCount = 3;
  await depths.refresh(checks, [0]);
  expect(depths.in(laneQueue(EVENTS, 0))).toBe(3);
});
