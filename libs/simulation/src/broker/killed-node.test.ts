import { delay } from '@pdaltagent/clock';
import {
  declareTopology,
  laneOfMessage,
  LanePublisher,
  laneQueue,
  type OutgoingMessage,
  Publisher,
} from '@pdaltagent/messaging';
import { Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { VirtualClock } from '../virtual-clock';
import { messageOf } from '../world/event';
import { LANE_GROUP } from '../world/world';
import { SimulatedBroker } from './simulated-broker';

/** The leaders of all queues are on this node, which is killed and never started again. */
const KILLED = 0;
const OTHER = 1;
const LANE = 0;
const RETRY_MS = 500;
const ATTEMPTS = 20;

const messageFor = (lane: number): OutgoingMessage => {
  for (let key = 0; ; key += 1) {
    const message = messageOf({ routingKey: `key-${key}`, alert: 'alert', index: 0, action: 'trigger' }, 0, 0);
    if (laneOfMessage(LANE_GROUP, message) === lane) return message;
  }
};
const MESSAGE = messageFor(LANE);
const OTHER_MESSAGE = messageFor(LANE + 1);

/** A publisher on another node, which has published nothing when the node of the leaders is killed. */
class Cluster {
  readonly #scheduler = new Scheduler(1);
  readonly #broker = new SimulatedBroker(this.#scheduler);
  readonly clock = new VirtualClock(this.#scheduler, 'test');
  readonly warnings: string[] = [];
  readonly options = {
    url: 'amqp://simulated',
    name: 'publisher',
    laneGroup: LANE_GROUP,
    queueType: 'quorum' as const,
    clock: this.clock,
    random: new SeededRandom(1, 'publisher'),
    log: {
      debug: () => undefined,
      info: () => undefined,
      warn: (message: string) => void this.warnings.push(message),
      error: () => undefined,
    },
    connect: () => {
      const connection = this.#broker.connect('publisher', undefined, OTHER);
      return Promise.resolve({ connection, reset: () => connection.cut(0, 0) });
    },
  };

  run(test: () => Promise<void>): Promise<void> {
    return this.#scheduler.run(this.#declare().then(test));
  }

  async #declare(): Promise<void> {
    const connection = this.#broker.connect('declares', undefined, KILLED);
    await declareTopology(connection, LANE_GROUP, 'quorum', this.options);
    await connection.close();
  }

  stall(lane: number): void {
    this.#broker.stallQueue(laneQueue(LANE_GROUP, lane));
  }

  resume(lane: number): void {
    this.#broker.resumeQueue(laneQueue(LANE_GROUP, lane));
  }

  killLeaders(): void {
    this.#broker.killNode(KILLED);
  }

  cutOff(): void {
    this.#broker.isolate(OTHER);
  }

  heal(): void {
    this.#broker.heal(OTHER);
  }

  /** Publishes until it is confirmed. @returns each attempt's result */
  async publish(attempt: () => Promise<string>): Promise<string[]> {
    const results: string[] = [];
    while (results.length < ATTEMPTS && results.at(-1) !== 'confirmed') {
      results.push(await attempt());
      await delay(this.clock, RETRY_MS);
    }
    return results;
  }
}

describe('a publisher whose first message the broker refuses because a node has just been killed', () => {
  it('publishes it to its lane although the node never comes back', async () => {
    const cluster = new Cluster();
    await cluster.run(async () => {
      const lost: number[] = [];
      const publisher = new LanePublisher({
        ...cluster.options,
        onOpened: () => undefined,
        onLost: (lane) => lost.push(lane),
        onBlocked: () => undefined,
        onUnblocked: () => undefined,
      });
      publisher.start();
      await delay(cluster.clock, RETRY_MS);
      cluster.killLeaders();
      const results = await cluster.publish(
        () =>
          new Promise((resolve) => {
            if (publisher.publish(LANE, MESSAGE, resolve) !== 'sent') resolve('not sent');
          }),
      );
      expect(results[0]).toBe('refused');
      expect(results.at(-1)).toBe('confirmed');
      expect(new Set(lost)).toEqual(new Set([LANE]));
      expect(cluster.warnings).toEqual(['the broker refuses messages of a lane: reopening its channel']);
      await publisher.close();
    });
  });

  it('publishes it to any queue although the node never comes back, and what it sent to another queue is confirmed', async () => {
    const cluster = new Cluster();
    await cluster.run(async () => {
      const publisher = new Publisher(cluster.options);
      publisher.start();
      await delay(cluster.clock, RETRY_MS);
      await publisher.publish(OTHER_MESSAGE);
      cluster.stall(laneOfMessage(LANE_GROUP, OTHER_MESSAGE));
      const waiting = publisher.publish(OTHER_MESSAGE);
      cluster.killLeaders();
      await publisher.publish(MESSAGE);
      expect(cluster.warnings).toEqual([]);
      cluster.resume(laneOfMessage(LANE_GROUP, OTHER_MESSAGE));
      await expect(waiting).resolves.toBeUndefined();
      await publisher.close();
    });
  });
});

describe('a publisher whose node is cut off while it publishes', () => {
  it('publishes soon after its node is back, although RabbitMQ confirms nothing further for the queue on its channel', async () => {
    const cluster = new Cluster();
    await cluster.run(async () => {
      const publisher = new Publisher(cluster.options);
      publisher.start();
      await delay(cluster.clock, RETRY_MS);
      const attempt = (): Promise<string> =>
        publisher.publish(MESSAGE).then(
          () => 'confirmed',
          (error: unknown) => String(error),
        );
      expect(await attempt()).toBe('confirmed');
      cluster.cutOff();
      const lost = attempt();
      await delay(cluster.clock, RETRY_MS);
      cluster.heal();
      expect(await lost).toContain('did not confirm');
      await delay(cluster.clock, RETRY_MS);
      const results = await cluster.publish(attempt);
      expect(results).toEqual(['confirmed']);
      await delay(cluster.clock, 5_000);
      expect(cluster.warnings).toEqual([]);
      expect(await cluster.publish(attempt)).toEqual(['confirmed']);
      await publisher.close();
    });
  });

  it('goes on once a queue answers again, and publishes to others meanwhile', async () => {
    const cluster = new Cluster();
    await cluster.run(async () => {
      const publisher = new Publisher(cluster.options);
      publisher.start();
      await delay(cluster.clock, RETRY_MS);
      await publisher.publish(MESSAGE);
      cluster.stall(LANE);
      await expect(publisher.publish(MESSAGE)).rejects.toThrow('did not confirm');
      await delay(cluster.clock, RETRY_MS);
      const again = publisher.publish(MESSAGE);
      // Another queue is not affected.
      await publisher.publish(OTHER_MESSAGE);
      cluster.resume(LANE);
      await again;
      await delay(cluster.clock, 5_000);
      await publisher.publish(MESSAGE);
      expect(cluster.warnings).toEqual([]);
      await publisher.close();
    });
  });
});
