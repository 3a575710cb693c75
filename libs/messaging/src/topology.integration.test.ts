import { connectToBroker, ManualClock, testServers, waitUntil } from '@pdaltagent/testing';
import { type ChannelModel } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { redeclaration } from './redeclaration';
import { declareTopology } from './declare-topology';
import { sidingQueue, WEBHOOKS } from './topology';

async function exists(connection: ChannelModel, queue: string): Promise<boolean> {
  const channel = await connection.createChannel();
  channel.on('error', () => undefined);
  return channel.checkQueue(queue).then(
    () => true,
    () => false,
  );
}

it('does not count as declared if the connection is lost during the wait after new queues', async () => {
  const name = `test.${randomUUID()}`;
  const laneGroup = { ...WEBHOOKS, exchange: name, deadLetters: `${name}.dead-letters`, lanes: 1, sidings: 1 };
  const url = (await testServers()).amqpUrl;
  const connection = await connectToBroker(url);
  const clock = new ManualClock();
  const declared = declareTopology(connection, laneGroup, 'quorum', { clock }).then(
    () => 'declared',
    () => 'lost',
  );
  const other = await connectToBroker(url);
  await waitUntil(async () => (await exists(other, sidingQueue(laneGroup, 0, 0))) && clock.waiting > 0, {
    what: 'the queues, and the wait after them',
  });
  await other.close();
  await connection.close();
  clock.advance(60_000);
  expect(await declared).toBe('lost');
});

it('is declared again for each message that could not be routed, and a failure is logged once', async () => {
  const name = `test.${randomUUID()}`;
  const laneGroup = { ...WEBHOOKS, exchange: name, deadLetters: `${name}.dead-letters`, lanes: 1, sidings: 1 };
  const url = (await testServers()).amqpUrl;
  const connection = await connectToBroker(url);
  const channel = await connection.createChannel();
  const errors: string[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: (line: string) => void errors.push(line) };
  const redeclare = redeclaration(connection, { laneGroup, queueType: 'quorum', log });
  // The exchange exists with another type, so that the declaration is refused.
  await channel.assertExchange(name, 'fanout', { durable: false });
  const checks = jest.spyOn(connection, 'createChannel');
  for (const attempt of [1, 2, 3]) {
    await waitUntil(
      () => {
        redeclare();
        return checks.mock.calls.length >= 2 * attempt;
      },
      { what: 'another declaration' },
    );
  }
  expect(errors).toEqual([
    'a queue or exchange is missing: declaring the topology again',
    'the topology cannot be declared',
  ]);
  await connection.close();
});
