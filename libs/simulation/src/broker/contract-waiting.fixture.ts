import { type ContractCase, declareLane, isSettled, publish, remaining } from './contract.fixture';

/** Channels wait 65 s for a queue; ms. */
const WAIT_MS = 60_000;

/** What takes more than a minute with a real broker. */
export const WAITING: readonly ContractCase[] = [
  [
    'refuses the first message of a channel for a queue that does not answer after 65 s, and so each further one, which waits as long; what it refused never reaches the queue',
    async (world) => {
      const connection = await world.connect();
      const [stalled, healthy] = [await declareLane(world, connection), await declareLane(world, connection)];
      const channel = await connection.createConfirmChannel();
      await world.stallQueue(stalled);
      const before = world.clock.monotonic();
      await expect(publish(channel, stalled, 1)).rejects.toThrow(Error);
      expect(world.clock.monotonic() - before).toBeGreaterThan(WAIT_MS);
      await publish(channel, healthy, 1);
      const [waiting, behind] = [publish(channel, stalled, 1, 1), publish(channel, healthy, 1, 1)];
      expect(await isSettled(world, behind)).toBe(false);
      await world.resumeQueue(stalled);
      await Promise.all([waiting, behind]);
      await publish(channel, stalled, 1, 2);
      expect(await remaining(world, stalled)).toEqual([1, 2]);
    },
  ],
];
