import { Publisher, WEBHOOKS } from '@pdaltagent/messaging';
import { type App, readConfiguration } from '@pdaltagent/service';
import { PausedDestinations, Store } from '@pdaltagent/store';
import { JournalTap, recordingLogger, testServers, waitUntil } from '@pdaltagent/testing';
import { parseDestinations } from '@pdaltagent/webhooks';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';
import { Receiver } from './receiver.fixture';

const log = recordingLogger([]);

let amqpUrl: string;
let redisUrl: string;
let receiver: Receiver;
let publisher: Publisher;
let app: App;
let tap: JournalTap;
/** The name of the only destination. */
let destination: string;

beforeEach(async () => {
  ({ amqpUrl, redisUrl } = await testServers());
  receiver = new Receiver();
  await receiver.start();
  const url = receiver.url('/hook');
  destination = parseDestinations(url)?.[0]?.name ?? '';
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: amqpUrl,
    PDAGENTD_REDIS_URL: redisUrl,
    PDAGENTD_WEBHOOK_DEST_URL: url,
  });
  publisher = new Publisher({ url: amqpUrl, name: 'test', laneGroup: WEBHOOKS, queueType: 'quorum', log });
  publisher.start();
  app = createApp(configuration, { logger: log, metrics: new Registry() });
  await app.start();
  await waitUntil(() => publisher.state() === 'connected', { what: 'the publisher to connect' });
  tap = await JournalTap.open(amqpUrl);
});
afterEach(async () => {
  await tap.close();
  await app.stop();
  await publisher.close();
  await receiver.stop();
});

const publish = (id: string, text = 'a body') =>
  publisher.publish({
    id,
    type: 'webhook',
    routingKey: destination,
    orderKey: `${destination}:PINCIDENT`,
    body: Buffer.from(JSON.stringify({ text })),
    contentType: 'application/json',
    receivedAt: Date.now(),
  });

it('each delivered webhook is in the journal once, with its destination and incident, and without its body', async () => {
  await publish('one', 'only in the body');
  const fact = await tap.find('the delivery', ({ kind, id }) => kind === 'delivered' && id === 'one');
  expect(fact).toMatchObject({
    group: 'webhooks',
    type: 'webhook',
    key: destination,
    alert: 'PINCIDENT',
    attempt: 1,
    status: 202,
  });
  expect(fact).not.toHaveProperty('digest');
  await publish('two');
  await tap.find('a later delivery', ({ kind, id }) => kind === 'delivered' && id === 'two');
  expect(tap.kindsOf('one')).toEqual(['delivered']);
  expect(tap.lines.join('\n')).not.toContain('only in the body');
});

it('a rejected webhook has its attempt and its dead letter in the journal, without what its destination answered', async () => {
  receiver.statusFor = () => 404;
  await publish('bad');
  const dead = await tap.find('the dead letter', ({ kind }) => kind === 'dead-lettered');
  expect(dead).toMatchObject({ id: 'bad', reason: 'rejected', status: 404 });
  expect(dead).not.toHaveProperty('answer');
  expect(tap.of('bad').filter(({ kind }) => kind === 'attempted')).toMatchObject([
    { outcome: 'rejected', status: 404, attempt: 1 },
  ]);
});

it('the journal says that a destination was paused because it is gone, and when it is sent to again', async () => {
  let status = 410;
  receiver.statusFor = () => status;
  await publish('held');
  expect(await tap.find('the pause', ({ kind }) => kind === 'destination-paused')).toMatchObject({ destination });
  const store = new Store({ url: redisUrl, name: 'test', log });
  store.start();
  await waitUntil(() => store.state() === 'connected', { what: 'Redis to be connected' });
  const paused = new PausedDestinations(store);
  await waitUntil(async () => (await paused.all()).has(destination), { what: 'the pause to be written' });
  status = 202;
  // A sender has to have seen the pause in Redis before it can see that it is over.
  await waitUntil(
    async () => {
      await paused.resume(destination);
      return tap.facts.some(({ kind }) => kind === 'destination-resumed');
    },
    { what: 'the journal to have the end of the pause' },
  );
  await tap.find('the delivery', ({ kind, id }) => kind === 'delivered' && id === 'held');
  store.close();
});
