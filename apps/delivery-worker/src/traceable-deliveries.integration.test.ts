import { alertNameOf, EVENTS, laneKey, laneOfMessage, type OutgoingMessage, toProperties } from '@pdaltagent/messaging';
import { createLogger, nameDigest, readConfiguration } from '@pdaltagent/service';
import { LastDeliveries, Store } from '@pdaltagent/store';
import { connectToBroker, testServers, waitUntil } from '@pdaltagent/testing';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';

const DIGEST_SECRET = 'secret of this test';
const KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';

it('a delivered event is logged with its id, and remembered as the latest of its alert', async () => {
  const servers = await testServers();
  const responses = [503, 202];
  const pagerDuty = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(responses.shift() ?? 202, { 'content-type': 'application/json' }).end('{"status":"success"}');
    });
  }).listen(0, '127.0.0.1');
  await once(pagerDuty, 'listening');
  const lines: string[] = [];
  const stream = new PassThrough().on('data', (chunk) => lines.push(...String(chunk).trim().split('\n')));
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: servers.amqpUrl,
    PDAGENTD_REDIS_URL: servers.redisUrl,
    PDAGENTD_DIGEST_SECRET: DIGEST_SECRET,
    PDAGENTD_EVENTS_BASE_URL: `http://127.0.0.1:${(pagerDuty.address() as AddressInfo).port}`,
  });
  const logger = createLogger({ service: 'test', level: 'debug', stream });
  const app = createApp(configuration, { logger, metrics: new Registry() });
  await app.start();
  await waitUntil(() => app.readiness().ready, { what: 'the worker to connect' });

  const event: OutgoingMessage = {
    id: 'traced',
    type: 'v2',
    routingKey: KEY,
    orderKey: `${KEY}:web9/cpu`,
    body: Buffer.from('{"event_action":"trigger","dedup_key":"web9/cpu"}'),
    contentType: 'application/json',
    receivedAt: 1_000,
  };
  const connection = await connectToBroker(servers.amqpUrl);
  const channel = await connection.createChannel();
  channel.publish(EVENTS.exchange, laneKey(laneOfMessage(EVENTS, event)), event.body, {
    ...toProperties({ ...event, receivedAt: Date.now() }),
  });

  const store = new Store({
    url: servers.redisUrl,
    name: 'test',
    log: { info: () => undefined, warn: () => undefined },
  });
  store.start();
  const digest = nameDigest({ digestSecret: DIGEST_SECRET });
  const deliveries = new LastDeliveries(store, 'events', digest);
  const [last] = await waitUntil(
    async () => {
      const found = await deliveries.of('web9/cpu', alertNameOf(event, digest)).catch(() => []);
      return found.length > 0 && found;
    },
    { what: 'the delivery to be remembered' },
  );
  expect(last).toMatchObject({ id: 'traced', action: 'trigger', key: '…d1a6' });
  const attempts = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ id }) => id === 'traced')
    .map(({ level, message, key, status }) => [level, message, key, status]);
  expect(attempts).toEqual([
    ['warn', expect.stringContaining('could not be delivered'), '…d1a6', 503],
    ['debug', 'event delivered', '…d1a6', 202],
  ]);
  expect(lines.join('\n')).not.toContain(KEY);

  store.close();
  await connection.close();
  await app.stop();
  pagerDuty.closeAllConnections();
  pagerDuty.close();
});
