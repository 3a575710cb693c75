import { Poster } from '@pdaltagent/http';
import { type IncomingMessage } from '@pdaltagent/messaging';
import { parseDestinations, signatureOf } from '@pdaltagent/webhooks';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createDelivery } from './deliver';

let server: Server;
let poster: Poster;
let received: { url: string; headers: IncomingHttpHeaders; body: Buffer }[];
let answer: { status: number; headers?: Record<string, string> } | 'reset' | 'silence';

beforeEach(async () => {
  received = [];
  answer = { status: 202 };
  poster = new Poster({ maxSockets: 4, connectTimeoutMs: 300, attemptTimeoutMs: 300 });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
      if (answer === 'silence') return;
      if (answer === 'reset') request.socket.destroy();
      else response.writeHead(answer.status, answer.headers).end('an answer');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  poster.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function urlOf(path: string, credentials = ''): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return `http://${credentials}127.0.0.1:${address.port}${path}`;
}

function deliver(url: string, { secrets = [] as string[], destination = '' } = {}) {
  const destinations = parseDestinations(url) ?? [];
  const message: IncomingMessage = {
    id: 'webhook-1',
    type: 'webhook',
    routingKey: destination || (destinations[0]?.name ?? ''),
    orderKey: 'any',
    body: Buffer.from('{"messages":[]}'),
    contentType: 'application/json',
    forward: { 'User-Agent': 'PagerDuty-Webhook/V2.0' },
    receivedAt: 0,
    again: false,
  };
  return createDelivery({ poster, destinations, secrets })(message, new AbortController().signal);
}

describe('a delivery', () => {
  it('posts the exact bytes to the URL, signed with each secret', async () => {
    const secrets = ['new', 'old'];
    expect(await deliver(urlOf('/hook?token=a%20b'), { secrets })).toEqual({ kind: 'delivered', status: 202 });
    expect(received).toHaveLength(1);
    expect(received[0]?.url).toBe('/hook?token=a%20b');
    expect(received[0]?.body.toString()).toBe('{"messages":[]}');
    expect(received[0]?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': 'PagerDuty-Webhook/V2.0',
      'x-webhook-id': 'webhook-1',
      'x-pagerduty-signature': signatureOf(Buffer.from('{"messages":[]}'), secrets),
    });
    expect(received[0]?.headers.authorization).toBeUndefined();
  });

  it('sends user and password of the URL as PagerDuty does', async () => {
    await deliver(urlOf('/', 'user:p%40ss@'));
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:p@ss').toString('base64')}`);
    expect(received[0]?.headers['x-pagerduty-signature']).toBeUndefined();
  });

  it.each([200, 201, 202, 204, 299])('answered with %d is done', async (status) => {
    answer = { status };
    expect((await deliver(urlOf('/'))).kind).toBe('delivered');
  });

  it.each([500, 502, 503, 504])('answered with %d is tried again', async (status) => {
    answer = { status };
    expect((await deliver(urlOf('/'))).kind).toBe('failed');
  });

  it.each([301, 302, 307, 400, 401, 403, 404, 422])('answered with %d is for the dead letters', async (status) => {
    answer = { status, headers: { location: urlOf('/elsewhere') } };
    expect(await deliver(urlOf('/'))).toEqual({ kind: 'rejected', status, answer: 'an answer' });
    expect(received.map(({ url }) => url)).toEqual(['/']);
  });

  it('answered with 429 waits as long as it is told', async () => {
    answer = { status: 429, headers: { 'retry-after': '7' } };
    expect(await deliver(urlOf('/'))).toEqual({ kind: 'throttled', status: 429, retryAfterMs: 7_000 });
  });

  it('cut off or not answered in time is tried again', async () => {
    answer = 'reset';
    expect(await deliver(urlOf('/'))).toMatchObject({ kind: 'failed', reason: 'reset' });
    answer = 'silence';
    expect(await deliver(urlOf('/'))).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });

  it('to a host that does not exist is tried again', async () => {
    expect(await deliver('http://no-such-host.invalid/')).toMatchObject({ kind: 'failed' });
  });

  it('to a destination that this process does not know waits, and is sent nowhere', async () => {
    const outcome = await deliver(urlOf('/'), { destination: 'elsewhere-00000000' });
    expect(outcome).toMatchObject({ kind: 'failed', scope: 'key' });
    expect(received).toEqual([]);
  });
});
