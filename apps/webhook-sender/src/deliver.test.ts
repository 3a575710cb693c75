import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { WebhookClient } from '@pdaltagent/http';
import { type IncomingMessage } from '@pdaltagent/messaging';
import { parseDestinations, type SendingDestination, signatureOf, withSigning } from '@pdaltagent/webhooks';
import { ManualClock } from '@pdaltagent/testing';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { Webhook } from 'standardwebhooks';
import { createDelivery } from './deliver';

let server: Server;
let client: WebhookClient;
let received: { url: string; headers: IncomingHttpHeaders; body: Buffer }[];
let scripted: { status: number; headers?: Record<string, string> } | 'reset' | 'silence';

beforeEach(async () => {
  received = [];
  scripted = { status: 202 };
  client = new WebhookClient({ maxSockets: 4, timeoutMs: 30_000, certificateAuthorities: undefined });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) });
      if (scripted === 'silence') return;
      if (scripted === 'reset') request.socket.destroy();
      else response.writeHead(scripted.status, scripted.headers).end('a response');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  client.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function urlOf(path: string, credentials = ''): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return `http://${credentials}127.0.0.1:${address.port}${path}`;
}

interface Circumstances {
  readonly secrets?: readonly string[];
  readonly settings?: Partial<SendingDestination>;
  /** The destination's name in the message. */
  readonly destination?: string;
  readonly forward?: Readonly<Record<string, string>>;
}

function deliverer(url: string, { secrets = [], settings = {} }: Circumstances = {}, clock: Clock = SYSTEM_CLOCK) {
  const [destination] = (parseDestinations(url) ?? []).map((plain) => ({
    ...withSigning(plain, { secrets, standardKeys: [] }),
    ...settings,
  }));
  const destinations = { named: (name: string) => (name === destination?.name ? destination : undefined) };
  return createDelivery({ client, destinations, clock });
}

function messageTo(routingKey: string, forward: Readonly<Record<string, string>> = {}): IncomingMessage {
  return {
    id: 'webhook-1',
    type: 'webhook',
    routingKey,
    orderKey: 'any',
    body: Buffer.from('{"messages":[]}'),
    contentType: 'application/json',
    forward: { 'User-Agent': 'PagerDuty-Webhook/V2.0', ...forward },
    receivedAt: 0,
    maybeDuplicate: false,
  };
}

function deliver(url: string, circumstances: Circumstances = {}) {
  const name = circumstances.destination ?? parseDestinations(url)?.[0]?.name ?? '';
  const message = messageTo(name, circumstances.forward);
  return deliverer(url, circumstances)(message, new AbortController().signal);
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

  it.each([200, 201, 202, 204, 299])('answered with %d is delivered', async (status) => {
    scripted = { status };
    expect((await deliver(urlOf('/'))).kind).toBe('delivered');
  });

  it.each([500, 502, 503, 504])('answered with %d is retried', async (status) => {
    scripted = { status };
    expect((await deliver(urlOf('/'))).kind).toBe('failed');
  });

  it.each([301, 302, 307, 400, 401, 403, 404, 422])('answered with %d becomes a dead letter', async (status) => {
    scripted = { status, headers: { location: urlOf('/elsewhere') } };
    expect(await deliver(urlOf('/'))).toEqual({ kind: 'rejected', status, response: 'a response' });
    expect(received.map(({ url }) => url)).toEqual(['/']);
  });

  it('answered with 429 waits as long as Retry-After says', async () => {
    scripted = { status: 429, headers: { 'retry-after': '7' } };
    expect(await deliver(urlOf('/'))).toEqual({ kind: 'throttled', status: 429, retryAfterMs: 7_000 });
  });

  it('that is reset or not answered in time is retried', async () => {
    scripted = 'reset';
    expect(await deliver(urlOf('/'))).toMatchObject({ kind: 'failed', reason: 'reset' });
    scripted = 'silence';
    const settings = { timeoutMs: 30 };
    expect(await deliver(urlOf('/'), { settings })).toMatchObject({ kind: 'failed', reason: 'timeout' });
  });

  it('to a host that does not exist is retried', async () => {
    expect(await deliver('http://no-such-host.invalid/')).toMatchObject({ kind: 'failed' });
  });

  it('has Standard Webhooks headers if configured, which its own verifier accepts, during a rotation with either secret', async () => {
    const keys = [Buffer.alloc(24, 1), Buffer.alloc(32, 2)];
    await deliver(urlOf('/'), { secrets: ['plain'], settings: { standardKeys: keys } });
    const [request] = received;
    const headers = Object.fromEntries(
      Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    for (const key of keys) {
      const verifier = new Webhook(`whsec_${key.toString('base64')}`);
      expect(verifier.verify(request?.body ?? '', headers)).toEqual({ messages: [] });
      expect(() => verifier.verify('{"messages":[1]}', headers)).toThrow();
    }
    expect(() => new Webhook(Buffer.alloc(24, 3).toString('base64')).verify(request?.body ?? '', headers)).toThrow();
    expect(headers).toMatchObject({ 'webhook-id': 'webhook-1', 'x-webhook-id': 'webhook-1' });
    expect(headers['x-pagerduty-signature']).toMatch(/^v1=/);
  });

  it('has the destination’s own headers, and keeps the id of the first delivery if it is sent again', async () => {
    await deliver(urlOf('/'), {
      settings: { headers: { 'X-Api-Key': 'k', Authorization: 'Bearer b' } },
      forward: { 'X-Webhook-Id': 'first' },
    });
    expect(received[0]?.headers).toMatchObject({
      'x-api-key': 'k',
      authorization: 'Bearer b',
      'x-webhook-id': 'first',
    });
  });

  it('presents the destination’s client certificate and trusts its certificate authority, and no other', async () => {
    const [host, own] = await Promise.all(
      ['localhost', 'sender'].map((name) => generate([{ name: 'commonName', value: name }], { keyType: 'ec' })),
    );
    const shown: string[] = [];
    const secure = createTlsServer(
      { key: host?.private, cert: host?.cert, ca: own?.cert, requestCert: true },
      (request, response) => {
        const socket = request.socket as TLSSocket;
        shown.push(`${socket.authorized ? socket.getPeerCertificate().subject.CN : 'nobody'}`);
        response.end();
      },
    ).listen(0, '127.0.0.1');
    await once(secure, 'listening');
    const url = `https://localhost:${(secure.address() as AddressInfo).port}/`;
    const tls = { ca: host?.cert ?? '', certificate: own?.cert ?? '', key: own?.private ?? '' };
    expect(await deliver(url)).toMatchObject({ kind: 'failed', reason: 'certificate-untrusted' });
    expect(await deliver(url, { settings: { tls } })).toMatchObject({ kind: 'delivered' });
    expect(shown).toEqual(['sender']);
    secure.closeAllConnections();
    secure.close();
    await once(secure, 'close');
  });

  it('uses the timeout of the destination', async () => {
    scripted = 'silence';
    client = new WebhookClient({ maxSockets: 1, timeoutMs: 600_000, certificateAuthorities: undefined });
    expect(await deliver(urlOf('/'), { settings: { timeoutMs: 30 } })).toMatchObject({ reason: 'timeout' });
  });

  it('to a metadata service is refused as a connectivity fault, and attempted if that is allowed', async () => {
    const url = 'http://169.254.0.0:1/';
    expect(await deliver(url)).toMatchObject({ kind: 'failed', reason: 'forbidden-address' });
    const allowed = await deliver(url, { settings: { allowsMetadataAddresses: true, timeoutMs: 300 } });
    expect(allowed).not.toMatchObject({ reason: 'forbidden-address' });
  });

  it.each([
    ['keeps its time', 0],
    ['is set back two hours', -7_200_000],
    ['is set forward three days', 259_200_000],
  ])(
    'to a destination that stays unknown becomes a dead letter after five minutes if the clock %s',
    async (_, jump) => {
      const clock = new ManualClock();
      const attempt = deliverer(urlOf('/'), {}, clock);
      const signal = new AbortController().signal;
      expect(await attempt(messageTo('gone-1'), signal)).toMatchObject({ kind: 'failed', scope: 'key' });
      clock.jump(jump);
      clock.advance(299_999);
      expect(await attempt(messageTo('gone-1'), signal)).toMatchObject({ kind: 'failed', scope: 'key' });
      clock.advance(1);
      expect(await attempt(messageTo('gone-1'), signal)).toMatchObject({
        response: expect.stringContaining('destination unknown') as string,
      });
      expect(await attempt(messageTo('gone-2'), signal)).toMatchObject({ kind: 'failed' });
    },
  );

  it('to a destination that this process does not know waits, and is not sent', async () => {
    const outcome = await deliver(urlOf('/'), { destination: 'elsewhere-00000000' });
    expect(outcome).toMatchObject({ kind: 'failed', scope: 'key' });
    expect(received).toEqual([]);
  });
});
