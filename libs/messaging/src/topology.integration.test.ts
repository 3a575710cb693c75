import { ManualClock, testServers, waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { declareTopology, WEBHOOKS } from './topology';

it('does not count as declared if the connection is lost while new queues rest', async () => {
  const name = `test.${randomUUID()}`;
  const laneGroup = { ...WEBHOOKS, exchange: name, deadLetters: `${name}.dead-letters`, lanes: 1, sidings: 1 };
  const connection = await connect((await testServers()).amqpUrl);
  const clock = new ManualClock();
  const declared = declareTopology(connection, laneGroup, 'quorum', clock).then(
    () => 'declared',
    () => 'lost',
  );
  await waitUntil(() => clock.waiting > 0, { what: 'the rest' });
  await connection.close();
  clock.advance(60_000);
  expect(await declared).toBe('lost');
});
