import { testServers, waitUntil } from '@pdaltagent/testing';
import { connect } from 'amqplib';
import { DELIVERED, event, publish, TestWorker } from './lane-worker.fixture';
import { declareTopology, EVENTS } from './topology';

it('nothing of a lane is sent before its worker is prepared for it', async () => {
  const url = (await testServers()).amqpUrl;
  const connection = await connect(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
  const happened: string[] = [];
  let prepared: () => void = () => undefined;
  const preparation = new Promise<void>((resolve) => (prepared = resolve));
  await publish(url, [event('disk', 0)]);
  const test = new TestWorker(
    url,
    () => {
      happened.push('sent');
      return DELIVERED;
    },
    {
      prepare: () => {
        happened.push('asked');
        return preparation.then(() => void happened.push('prepared'));
      },
    },
  );
  await waitUntil(() => happened.includes('asked'), { what: 'the worker to prepare itself' });
  await waitUntil(() => test.worker.lanes === EVENTS.lanes, { what: 'all lanes to be taken' });
  prepared();
  await waitUntil(() => test.delivered.length === 1, { what: 'the delivery' });
  await test.worker.stop();
  expect(happened).toEqual(['asked', 'prepared', 'sent']);
});
