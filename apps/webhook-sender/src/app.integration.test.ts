import { fromDelivery, Publisher, WEBHOOKS } from '@pdaltagent/messaging';
import { type App, createLogger, readConfiguration } from '@pdaltagent/service';
import { PausedDestinations, Store } from '@pdaltagent/store';
import { connectToBroker, FaultProxy, testServers, type TestServers, waitUntil } from '@pdaltagent/testing';
import { parseDestinations } from '@pdaltagent/webhooks';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { Registry } from 'prom-client';
import { createApp } from './app';
import { variables } from './configuration';
import { Receiver } from './receiver.fixture';

let servers: TestServers;
let publisher: Publisher;
let receiver: Receiver;
let apps: App[];
const logged: string[] = [];
const stream = new PassThrough().on('data', (line: Buffer) => logged.push(line.toString()));
const logger = createLogger({ service: 'test', level: 'info', stream });

beforeAll(async () => {
  servers = await testServers();
  publisher = new Publisher({
    url: servers.amqpUrl,
    name: 'test',
    laneGroup: WEBHOOKS,
    queueType: 'quorum',
    log: logger,
  });
  publisher.start();
  await waitUntil(() => publisher.state() === 'connected', { what: 'the publisher to connect' });
});
beforeEach(async () => {
  apps = [];
  logged.length = 0;
  receiver = new Receiver();
  await receiver.start();
});
afterEach(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await receiver.stop();
});
afterAll(() => publisher.close());

async function start(urls: string, environment: Record<string, string> = {}, metrics = new Registry()): Promise<App> {
  const configuration = readConfiguration(variables, {
    PDAGENTD_AMQP_URL: servers.amqpUrl,
    PDAGENTD_REDIS_URL: servers.redisUrl,
    PDAGENTD_WEBHOOK_DEST_URL: urls,
    ...environment,
  });
  const app = createApp(configuration, { logger, metrics });
  apps.push(app);
  await app.start();
  return app;
}

function publish(url: string, id: string, incident: string, maybeDuplicate = false): Promise<void> {
  return publishTo(parseDestinations(url)?.[0]?.name ?? '', `${id}-${url}`, { id, incident }, maybeDuplicate);
}

function publishTo(
  name: string,
  id: string,
  body: { readonly id?: string; readonly incident: string },
  maybeDuplicate = false,
): Promise<void> {
  return publisher.publish({
    id,
    type: 'webhook',
    routingKey: name,
    orderKey: `${name}:${body.incident}`,
    body: Buffer.from(JSON.stringify(body)),
    contentType: 'application/json',
    receivedAt: Date.now(),
    maybeDuplicate,
  });
}

const bodies = () => receiver.received.map(({ body }) => JSON.parse(body) as { id: string; incident: string });
const arrived = (count: number) =>
  waitUntil(() => receiver.received.length >= count, { what: `${count} webhooks at the receiver` });

describe('the sender', () => {
  it('sends queued webhooks in order per incident, even if the receiver fails now and then', async () => {
    const url = receiver.url('/hook');
    const accepted: string[] = [];
    receiver.statusFor = ({ body }) => {
      if (receiver.received.length % 4 === 0) return 503;
      accepted.push(body);
      return 202;
    };
    for (let step = 0; step < 10; step += 1) {
      for (const incident of ['A', 'B', 'C']) await publish(url, `${incident}${step}`, incident);
    }
    await start(url);
    await waitUntil(() => accepted.length >= 30, { what: '30 webhooks to be accepted' });
    const order = accepted.map((body) => JSON.parse(body) as { id: string; incident: string });
    for (const incident of ['A', 'B', 'C']) {
      const steps = order.filter((body) => body.incident === incident).map(({ id }) => id);
      expect(steps).toEqual(Array.from({ length: 10 }, (_, step) => `${incident}${step}`));
    }
  });

  it('does not send a delivered webhook again if it is queued a second time', async () => {
    const url = receiver.url('/repeats');
    await start(url);
    await publish(url, 'one', 'A');
    await arrived(1);
    await publish(url, 'one', 'A', true);
    await publish(url, 'two', 'A');
    await arrived(2);
    expect(bodies().map(({ id }) => id)).toEqual(['one', 'two']);
  });

  it('dead-letters rejected webhooks and continues', async () => {
    const url = receiver.url('/refuses');
    receiver.statusFor = ({ body }) => (body.includes('"bad"') ? 404 : 202);
    await start(url);
    await publish(url, 'bad', 'A');
    await publish(url, 'good', 'A');
    await arrived(2);
    expect(bodies().map(({ id }) => id)).toEqual(['bad', 'good']);
    const connection = await connectToBroker(servers.amqpUrl);
    const channel = await connection.createChannel();
    const deadLetter = await waitUntil(() => channel.get(WEBHOOKS.deadLetters, { noAck: true }), {
      what: 'a dead letter',
    });
    await connection.close();
    expect(deadLetter.properties.headers).toMatchObject({
      dead_reason: 'rejected',
      dead_status: 404,
      dead_attempts: 1,
    });
    expect(fromDelivery(deadLetter)).toMatchObject({ kind: 'message', message: { id: `bad-${url}` } });
  });

  it('sends to every destination at its own URL, and one that is down does not delay another', async () => {
    const dead = 'http://127.0.0.1:1/dead';
    const [one, two] = [receiver.url('/one'), receiver.url('/two')];
    await start([dead, one, two].join(','));
    for (const url of [dead, one, two]) await publish(url, 'x', 'A');
    await arrived(2);
    expect(new Set(receiver.received.map(({ path }) => path))).toEqual(new Set(['/one', '/two']));
  });

  it('sends nothing to a metadata service, logs that once, holds its webhooks and counts the attempts', async () => {
    const [metadata, other] = ['http://169.254.169.254/latest', receiver.url('/other')];
    const metrics = new Registry();
    await start([metadata, other].join(','), {}, metrics);
    await publish(metadata, 'secret', 'A');
    await publish(other, 'fine', 'A');
    await arrived(1);
    const refused = async () => Number(/reason="forbidden-address"} (\d+)/.exec(await metrics.metrics())?.[1]);
    await waitUntil(async () => (await refused()) >= 2, { what: 'it to be tried again' });
    const loud = logged.filter((line) => line.includes('"level":"error"') && line.includes('169.254.169.254'));
    expect(loud.filter((line) => line.includes('allowMetadataAddresses'))).toHaveLength(1);
    expect(logged.filter((line) => line.includes('dead letter'))).toEqual([]);
  });

  it('reloads a changed destinations file, and holds webhooks for a destination that it does not know yet', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'destinations-'));
    const file = path.join(folder, 'webhooks.yaml');
    const write = (...paths: string[]) =>
      writeFileSync(
        file,
        JSON.stringify({ destinations: paths.map((name) => ({ name, url: receiver.url(`/${name}`) })) }),
      );
    write('known');
    await start('', { PDAGENTD_WEBHOOKS_FILE: file });
    await publishTo('later', `later-${receiver.url()}`, { incident: 'A' });
    await publishTo('known', `known-${receiver.url()}`, { incident: 'A' });
    await arrived(1);
    await waitUntil(() => logged.some((line) => line.includes('destination unknown')), { what: 'the first attempt' });
    write('known', 'later');
    await arrived(2);
    expect(receiver.received.map(({ path: at }) => at)).toEqual(['/known', '/later']);
    rmSync(folder, { recursive: true });
  });

  it('holds everything for a destination that responds 410, in every sender and across restarts, until it is resumed', async () => {
    const [gone, other] = [receiver.url('/gone'), receiver.url('/other')];
    const [name = ''] = (parseDestinations(gone) ?? []).map((destination) => destination.name);
    const store = new Store({ url: servers.redisUrl, name: 'test', log: logger });
    store.start();
    await waitUntil(() => store.state() === 'connected', { what: 'Redis to be connected' });
    const paused = new PausedDestinations(store);
    let status = 410;
    receiver.statusFor = ({ path: at }) => (at === '/gone' ? status : 202);
    await start([gone, other].join(','));
    await publish(gone, '0', 'A');
    await waitUntil(async () => (await paused.all()).has(name), { what: 'the pause to be written' });
    expect(logged.filter((line) => line.includes('destination paused'))).toHaveLength(1);
    const tried = () => receiver.received.filter(({ path: at }) => at === '/gone').length;
    const triedBefore = tried();

    await Promise.all(apps.splice(0).map((app) => app.stop()));
    const [first] = [await start([gone, other].join(',')), await start([gone, other].join(','))];
    for (let step = 1; step <= 5; step += 1) await publish(gone, String(step), 'A');
    for (let step = 0; step < 5; step += 1) await publish(other, `o${step}`, 'A');
    await waitUntil(() => receiver.received.length === triedBefore + 5, {
      what: 'the webhooks of another destination',
    });
    expect(tried()).toBe(triedBefore);
    expect(first.readiness().checks.destinations).toContain('1 paused');

    status = 202;
    expect(await paused.resume(name)).toBe(true);
    await waitUntil(() => tried() === triedBefore + 6, { what: 'the held webhooks' });
    const held = receiver.received.filter(({ path: at }) => at === '/gone').slice(triedBefore);
    expect(held.map(({ body }) => (JSON.parse(body) as { id: string }).id)).toEqual(['0', '1', '2', '3', '4', '5']);
    store.close();
  });

  it('waits for an unreachable broker, and then sends', async () => {
    const broker = await FaultProxy.start(servers.amqpUrl);
    await broker.inject({ kind: 'down' });
    const url = receiver.url('/later');
    const app = await start(url, { PDAGENTD_AMQP_URL: broker.url(servers.amqpUrl) });
    await publish(url, 'later', 'A');
    await waitUntil(() => logged.some((line) => line.includes('broker unreachable')), {
      what: 'the outage to be logged',
    });
    expect(app.readiness()).toMatchObject({ ready: false, checks: { destinations: 'not tried yet' } });
    await broker.heal();
    await arrived(1);
    await waitUntil(() => app.readiness().checks.destinations === 'reachable', { what: 'the response' });
    expect(app.readiness().ready).toBe(true);
    await Promise.all(apps.splice(0).map((started) => started.stop()));
    await broker.stop();
  });

  it('without a destination logs that once, and idles', async () => {
    const app = await start('');
    const reason = 'neither PDAGENTD_WEBHOOK_DEST_URL nor PDAGENTD_WEBHOOKS_FILE is set';
    expect(app.readiness()).toEqual({ ready: true, checks: { sending: `idle: ${reason}` } });
    expect(logged.filter((line) => line.includes(reason))).toHaveLength(1);
  });

  it.each([
    ['PDAGENTD_WEBHOOK_SECRET', 'hunter2'],
    ['PDAGENTD_WEBHOOK_STANDARD_SECRET', `whsec_${Buffer.alloc(24, 'hunter2').toString('base64')}`],
    ['neither', ''],
  ])('logs at the start which destinations are signed: %s', async (name, value) => {
    const url = receiver.url('/signed');
    await start(url, { [name]: value });
    const line = logged.find((each) => each.includes('"sending"')) ?? '';
    const destinations = [parseDestinations(url)?.[0]?.name];
    expect(JSON.parse(line)).toMatchObject({ destinations, signed: name === 'neither' ? [] : destinations });
  });
});
