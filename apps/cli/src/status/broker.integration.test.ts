import { declareTopology, EVENTS, PULSE_QUEUE } from '@pdaltagent/messaging';
import { connectToBroker, openRunFolder, type RabbitMQ, startRabbitMQ } from '@pdaltagent/testing';
import { checkBroker } from './broker';

const folder = openRunFolder('status-broker');
let broker: RabbitMQ;
beforeAll(async () => (broker = await startRabbitMQ({ folder: folder.path })), 120_000);
afterAll(async () => {
  await broker.stop();
  folder.remove();
});

const checked = async () =>
  (await checkBroker({ url: broker.url, authorities: [] }, Date.now())).find(({ subject }) => subject === 'broker');

it('detects a broker that accepts connections, but no messages because of an alarm', async () => {
  expect(await checked()).toMatchObject({ state: 'fine' });
  await broker.setAlarm('memory', true);
  expect(await checked()).toMatchObject({
    state: 'attention',
    detail: expect.stringMatching(/^RabbitMQ \d.* responds, but accepts no messages$/) as string,
    advice: expect.stringContaining('alarm') as string,
  });
  await broker.setAlarm('memory', false);
  expect(await checked()).toMatchObject({ state: 'fine' });
});

it('detects a node that does not reach a majority of its cluster, which still answers everything else', async () => {
  const connection = await connectToBroker(broker.url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
  expect(await checked()).toMatchObject({ state: 'fine' });
  const tellLeader = (what: 'suspend' | 'resume') =>
    broker.control([
      'eval',
      `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${PULSE_QUEUE}">>)), sys:${what}(amqqueue:get_pid(Q)).`,
    ]);
  await tellLeader('suspend');
  expect(await checked()).toMatchObject({
    state: 'attention',
    detail: expect.stringMatching(/^RabbitMQ \d.* responds, but a majority of its nodes does not$/) as string,
  });
  await tellLeader('resume');
  expect(await checked()).toMatchObject({ state: 'fine' });
});

it('says that a virtual host is refused, which amqplib does not', async () => {
  const url = broker.url.replace(/\/?$/, '/nowhere');
  expect(await checkBroker({ url, authorities: [] }, Date.now())).toMatchObject([
    { state: 'attention', detail: expect.stringContaining('the virtual host is refused: it does not exist') as string },
  ]);
});

it('reports a limit of connections as such, not as an alarm', async () => {
  await broker.control(['set_vhost_limits', JSON.stringify({ 'max-connections': 1 })]);
  const limited = await checked();
  await broker.control(['clear_vhost_limits']);
  expect(limited).toMatchObject({
    state: 'attention',
    detail: expect.stringMatching(
      /^RabbitMQ \d.* responds, but a second connection failed: the virtual host is refused: .* a limit of connections is reached/,
    ) as string,
    advice: expect.not.stringContaining('alarm') as string,
  });
  expect(await checked()).toMatchObject({ state: 'fine' });
});
