import { connectToBroker } from './connect-to-broker';
import { once } from 'node:events';
import net from 'node:net';
import { Redis } from 'ioredis';
import { listeningAddresses, LOOPBACK, processesOf } from './processes';
import { openRunFolder, type RunFolder } from './run-folder';
import { type RabbitMQ, type Redis as RedisServer } from './server';
import { startRabbitMQ, startRedis } from './servers';
import { waitUntil } from './wait-until';

async function publishPersistent(url: string): Promise<void> {
  const connection = await connectToBroker(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('kept', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  channel.sendToQueue('kept', Buffer.from('hello'), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}

async function messagesIn(url: string): Promise<number> {
  const connection = await connectToBroker(url);
  const channel = await connection.createChannel();
  const { messageCount } = await channel.checkQueue('kept');
  await connection.close();
  return messageCount;
}

describe('a private RabbitMQ', () => {
  let folder: RunFolder;
  let rabbitmq: RabbitMQ;

  beforeAll(async () => {
    folder = openRunFolder('a folder with blanks & signs');
    rabbitmq = await startRabbitMQ({ folder: folder.path });
  });

  afterAll(async () => {
    await rabbitmq.stop();
    folder.remove();
  });

  it('accepts messages from its own user, and has no guest', async () => {
    await publishPersistent(rabbitmq.url);
    await expect(connectToBroker(`amqp://guest:guest@127.0.0.1:${rabbitmq.port}`)).rejects.toThrow(/ACCESS.REFUSED/);
  });

  it('listens with all of its ports on the loopback interface only', () => {
    const addresses = listeningAddresses(processesOf(folder.path));
    // AMQP, the distribution between Erlang nodes, the port mapper.
    expect(addresses.length).toBeGreaterThanOrEqual(3);
    expect(addresses.filter((address) => !LOOPBACK.test(address))).toEqual([]);
  });

  it('keeps confirmed messages after a kill, on the same port', async () => {
    const { url, pid } = rabbitmq;
    await rabbitmq.settle();
    await rabbitmq.kill();
    await expect(connectToBroker(url)).rejects.toThrow('ECONNREFUSED');
    await rabbitmq.restart();
    expect(rabbitmq.pid).not.toBe(pid);
    // A quorum queue elects its leader after the listener is up.
    await waitUntil(async () => (await messagesIn(url)) === 1, { what: 'the message of before the kill' });
  });

  it('answers nothing while it is paused', async () => {
    await rabbitmq.pause();
    const socket = net.connect(rabbitmq.port, '127.0.0.1');
    const reply = once(socket, 'data');
    socket.write('AMQP\0\0\x09\x01', 'latin1');
    const silence = new Promise((resolve) => setTimeout(() => resolve('silence'), 500));
    const first = await Promise.race([reply, silence]);
    // Also where it has answered: the next tests need it.
    await rabbitmq.resume();
    expect(first).toBe('silence');
    await reply;
    socket.destroy();
  });

  it('blocks publishers while its memory alarm is on', async () => {
    const connection = await connectToBroker(rabbitmq.url);
    const channel = await connection.createConfirmChannel();
    const blocked = new Promise((resolve) => connection.once('blocked', resolve));
    const unblocked = new Promise((resolve) => connection.once('unblocked', resolve));
    await rabbitmq.setAlarm('memory', true);
    channel.publish('', 'nowhere', Buffer.from('x'));
    await blocked;
    await rabbitmq.setAlarm('memory', false);
    await unblocked;
    await connection.close();
  });

  it('closes the channel of a consumer that holds a message for longer than the timeout, and logs it', async () => {
    await rabbitmq.setConsumerTimeout(1_000, 100);
    const connection = await connectToBroker(rabbitmq.url);
    const channel = await connection.createChannel();
    const closed = new Promise<unknown>((resolve) => channel.once('error', resolve));
    await channel.assertQueue('slow', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue('slow', Buffer.from('x'), { persistent: true });
    await channel.consume('slow', () => undefined);
    await waitUntil(async () => (await rabbitmq.messages()).get('slow') === 1, { what: 'the message to be counted' });
    expect(await closed).toMatchObject({ code: 406 });
    await waitUntil(async () => (await rabbitmq.logText()).includes('timed out waiting for delivery'), {
      what: 'the log to tell it',
    });
    await connection.close();
    await rabbitmq.setConsumerTimeout(1_800_000, 60_000);
  });

  it('creates separate virtual hosts', async () => {
    const [url = ''] = await rabbitmq.addVirtualHosts(['another']);
    await (await connectToBroker(url)).close();
  });

  it('leaves no process running after a stop', async () => {
    expect(processesOf(folder.path).length).toBeGreaterThan(2);
    await rabbitmq.stop();
    // Those that were killed with it are gone from Linux's list a moment later.
    await waitUntil(() => processesOf(folder.path).length === 0, { what: 'its processes to be gone' });
  });
});

describe('a private Redis', () => {
  let folder: RunFolder;
  let server: RedisServer;

  beforeAll(async () => {
    folder = openRunFolder('redis "with" blanks');
    server = await startRedis({ folder: folder.path });
  });

  afterAll(async () => {
    await server.stop();
    folder.remove();
  });

  it('is append only, never evicts, and requires its password', async () => {
    const redis = new Redis(server.url);
    expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    expect(await redis.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    redis.disconnect();
    const stranger = new Redis({ port: server.port, lazyConnect: true, retryStrategy: null });
    stranger.on('error', () => undefined);
    await expect(stranger.get('key')).rejects.toThrow('NOAUTH');
    stranger.disconnect();
    const addresses = listeningAddresses([server.pid]);
    expect(addresses).toHaveLength(1);
    expect(addresses.filter((address) => !LOOPBACK.test(address))).toEqual([]);
  });

  it('keeps its data after a kill, on the same port', async () => {
    const redis = new Redis(server.url);
    redis.on('error', () => undefined);
    await redis.config('SET', 'appendfsync', 'always');
    await redis.set('key', 'value');
    await server.kill();
    await server.restart();
    await waitUntil(async () => (await redis.get('key')) === 'value', { what: 'the value of before the kill' });
    redis.disconnect();
  });

  it('leaves no process running after a stop', async () => {
    await server.stop();
    // Those that were killed with it are gone from Linux's list a moment later.
    await waitUntil(() => processesOf(folder.path).length === 0, { what: 'its processes to be gone' });
  });
});
