import { freePort, waitUntil } from '@pdaltagent/testing';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { KEY, postTo, startGateway, type RunningGateway } from './gateway.fixture';

const MANY = 1_000;
const BODY = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' });
const REQUEST = `POST /v2/enqueue HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

let gateway: RunningGateway;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.stop();
});

async function open(port: number | undefined, count: number, text = ''): Promise<void> {
  for (let opened = 0; opened < count; opened += 1) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    await once(socket, 'connect');
    if (text !== '') socket.write(text);
  }
}

async function isServed(): Promise<void> {
  expect((await postTo(`${gateway.url}/v2/enqueue`, BODY)).status).toBe(202);
}

const openNow = () => sockets.filter((socket) => !socket.closed).length;
const allClosed = () => waitUntil(() => openNow() === 0, { what: 'all to be closed' });

it.each([
  ['send nothing', ''],
  ['do not end their headers', 'POST /v2/enqueue HTTP/1.1\r\nhost: x\r\n'],
  ['stay silent after an event', REQUEST],
])('closes a thousand connections that %s, and serves others meanwhile', async (_, text) => {
  gateway = await startGateway({
    limits: { headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 100 },
  });
  await open(gateway.ports.http, MANY, text);
  for (const socket of sockets) socket.resume();
  await isServed();
  await allClosed();
  await isServed();
});

it('closes connections that never finish the TLS handshake', async () => {
  gateway = await startGateway({ httpsPort: await freePort(), limits: { handshakeTimeout: 300 } });
  await open(gateway.ports.https, 100);
  for (const socket of sockets) socket.resume();
  await isServed();
  await allClosed();
});

it('closes a connection whose client keeps sending but never reads', async () => {
  gateway = await startGateway({ limits: { idleTimeout: 300 } });
  const socket = connect(Number(gateway.ports.http), '127.0.0.1').on('error', () => undefined);
  sockets.push(socket);
  await once(socket, 'connect');
  socket.pause();
  let isEnded = false;
  // Once the buffers of both sides are full, the gateway stops reading too: then there is no traffic. A page fills them soon.
  socket.on('close', () => (isEnded = true));
  const more = (): void => {
    while (!isEnded && socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(100)));
  };
  socket.on('drain', more);
  more();
  await waitUntil(() => isEnded, { what: 'the connection to be closed' });
  await isServed();
});

it('answers events that arrive while the process is paused for longer than idle connections are kept', async () => {
  const keepAliveTimeout = 1_000;
  gateway = await startGateway({ limits: { keepAliveTimeout } });
  await open(gateway.ports.http, 10, REQUEST);
  const responses = sockets.map((socket) => {
    const received = { text: '' };
    socket.on('data', (chunk) => (received.text += chunk.toString()));
    return received;
  });
  const countOf = (text: string) => text.split('HTTP/1.1 202 ').length - 1;
  await waitUntil(() => responses.every(({ text }) => countOf(text) === 1), { what: 'the first responses' });
  for (const socket of sockets) socket.write(REQUEST);
  // Blocks the event loop of both sides; the requests are in the gateway's sockets by then.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3 * keepAliveTimeout);
  await waitUntil(() => openNow() < sockets.length || responses.every(({ text }) => countOf(text) === 2), {
    what: 'the second responses',
  });
  expect(responses.map(({ text }) => countOf(text))).toEqual(sockets.map(() => 2));
});
