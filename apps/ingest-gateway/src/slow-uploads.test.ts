import { ManualClock, waitUntil } from '@pdaltagent/testing';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { AccessControl } from './access-control';
import { KEY, postTo, startGateway, type RunningGateway } from './gateway.fixture';
import { Networks } from './networks';

const EVENT = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' });
const MIB = 1024 * 1024;

let gateway: RunningGateway;
let clock: ManualClock;
const sockets: Socket[] = [];
async function start(options: Parameters<typeof startGateway>[0] = {}): Promise<void> {
  clock = new ManualClock();
  gateway = await startGateway({ ...options, clock });
}
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.stop();
});

interface Upload {
  readonly socket: Socket;
  readonly received: () => string;
}

/** Begins an upload with a Content-Length of `declared` bytes, and sends `sent` of them. */
async function upload(declared: number, sent: number, ...headers: string[]): Promise<Upload> {
  let received = '';
  const socket = connect(Number(gateway.ports.http), '127.0.0.1');
  sockets.push(socket);
  socket.on('data', (chunk) => (received += String(chunk))).on('error', () => undefined);
  await once(socket, 'connect');
  const head = [`POST /integration/${KEY}/enqueue HTTP/1.1`, 'host: x', `content-length: ${declared}`, ...headers];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await new Promise((resolve) => socket.write(Buffer.alloc(sent, 'x'), resolve));
  return { socket, received: () => received };
}

/** Each takes nearly 1 MiB of memory, its headers included. */
function uploads(count: number, ...headers: string[]): Promise<Upload[]> {
  return Promise.all(Array.from({ length: count }, () => upload(MIB, MIB - 4_096, ...headers)));
}

/** Resolves once all earlier requests have been read: the gateway answers in the order in which it reads. */
async function areRead(): Promise<void> {
  for (let count = 0; count < 5; count += 1) await fetch(`${gateway.url}/nowhere`);
}

const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  postTo(`${gateway.url}/integration/${KEY}/enqueue`, body, headers);

async function postChunked(text: string): Promise<number> {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from(text));
      controller.close();
    },
  });
  return (await fetch(`${gateway.url}/v2/enqueue`, { method: 'POST', body, duplex: 'half' })).status;
}

describe('64 uploads of 1 MB that do not end', () => {
  beforeEach(async () => {
    await start();
    await uploads(64);
    await areRead();
  });

  it('do not cause other events to be rejected: small, compressed or of unknown length', async () => {
    for (let count = 0; count < 20; count += 1) {
      expect((await postTo(`${gateway.url}/v2/enqueue`, EVENT)).status).toBe(202);
      expect((await post('x'.repeat(60_000))).status).toBe(202);
      expect((await post(gzipSync(EVENT), { 'content-encoding': 'gzip' })).status).toBe(202);
      expect(await postChunked(EVENT)).toBe(202);
    }
  });

  it('yield to large events after two seconds, even to those of the same client', async () => {
    clock.advance(2_000);
    const large = 'x'.repeat(400_000);
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await post(large)).status));
    expect(statuses).toEqual(Array.from({ length: 10 }, () => 202));
    const numbers = Array.from({ length: 60_000 }, (_, n) => n).join(' ');
    expect((await post(gzipSync(numbers), { 'content-encoding': 'gzip' })).status).toBe(202);
  });
});

it('answers an upload that arrives too slowly with 408, and no other', async () => {
  await start();
  const slow = await upload(MIB, 10_000);
  const silent = await upload(100, 0);
  const fast = await upload(MIB, 100_000);
  await areRead();
  clock.advance(5_000);
  await areRead();
  expect([slow.received(), silent.received(), fast.received()]).toEqual(['', '', '']);
  clock.advance(1_000);
  for (const { socket, received } of [slow, silent]) {
    await waitUntil(() => socket.closed, { what: 'a slow upload to be closed' });
    expect(received()).toMatch(
      /^HTTP\/1.1 408 [^]*connection: close[^]*"Body arrives too slowly\.  Please retry later\."/i,
    );
  }
  fast.socket.write(Buffer.alloc(MIB - 100_000, 'x'));
  await waitUntil(() => fast.received() !== '', { what: 'the fast upload to be answered' });
  // It was read completely, and is over PagerDuty's 512 KB.
  expect(fast.received()).toMatch(/^HTTP\/1.1 413 /);
  expect(await gateway.metrics.metrics()).toContain('requests_refused_total{reason="too-slow"} 2');
});

describe('one client with many uploads', () => {
  const proxies = (text: string): Networks => {
    const networks = Networks.parse(text);
    if (networks === undefined) throw new Error(text);
    return networks;
  };
  const large = 'x'.repeat(400_000);

  it('uses no memory of another client behind the same trusted proxy', async () => {
    await start({ access: new AccessControl({ trustedProxies: proxies('127.0.0.1') }) });
    await uploads(30, 'x-forwarded-for: 10.0.0.1');
    await areRead();
    expect((await post(large, { 'x-forwarded-for': '10.0.0.1' })).status).toBe(503);
    expect((await post(large, { 'x-forwarded-for': '10.0.0.2' })).status).toBe(202);
  });

  it('cannot pretend to be many clients: X-Forwarded-For is used only from a trusted proxy', async () => {
    await start();
    await uploads(30, 'x-forwarded-for: 10.0.0.1');
    await areRead();
    expect((await post(large, { 'x-forwarded-for': '10.0.0.2' })).status).toBe(503);
  });
});

it('accepts a body of many tiny chunks byte for byte', async () => {
  await start();
  const text = Array.from({ length: 3_000 }, (_, n) => String(n)).join(' ');
  const socket = connect(Number(gateway.ports.http), '127.0.0.1');
  sockets.push(socket);
  const chunks = [...text].map((character) => `1\r\n${character}\r\n`).join('');
  socket.write(`POST /x-ere/${KEY} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`);
  await waitUntil(() => gateway.sink.messages.length > 0, { what: 'the event to be published' });
  expect(gateway.sink.messages[0]?.body.toString()).toBe(text);
});
