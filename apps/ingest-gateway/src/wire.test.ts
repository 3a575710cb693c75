import { get } from 'node:http';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { KEY, postTo, startGateway, type RunningGateway, TRIGGER } from './gateway.fixture';

let gateway: RunningGateway;
beforeAll(async () => (gateway = await startGateway()));
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.sink.messages.length = 0;
});

const post = (route: string, body: string | Uint8Array, headers?: Record<string, string>) =>
  postTo(gateway.url + route, body, headers);

describe('bodies on the wire', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
  ])('inflates %s', async (encoding, compress) => {
    const text = JSON.stringify(TRIGGER);
    const reply = await post('/v2/enqueue', compress(text), { 'content-encoding': encoding });
    expect(reply.status).toBe(202);
    expect(gateway.sink.messages.map((message) => message.body.toString())).toEqual([text]);
  });

  it.each<readonly [what: string, status: number, encoding: string, body: Uint8Array]>([
    ['a bomb', 413, 'gzip', gzipSync(Buffer.alloc(50_000_000))],
    ['a body of 1 KB that inflates to 900 KB', 413, 'gzip', gzipSync('jane@example.com '.repeat(54_000))],
    ['a body that is not gzip', 400, 'gzip', Buffer.from('{}')],
    ['half a gzip', 400, 'gzip', gzipSync(JSON.stringify(TRIGGER)).subarray(0, 40)],
    ['brotli', 415, 'br', Buffer.from('{}')],
  ])('refuses %s with %d', async (_, status, encoding, body) => {
    expect((await post('/v2/enqueue', body, { 'content-encoding': encoding })).status).toBe(status);
    expect(gateway.sink.messages).toHaveLength(0);
  });

  it('answers 413 to more than 1 MB, with or without a Content-Length', async () => {
    expect((await post('/v2/enqueue', Buffer.alloc(1024 * 1024 + 1))).status).toBe(413);
    const chunk = Buffer.alloc(256 * 1024);
    const stream = new ReadableStream({
      start(controller) {
        for (let count = 0; count < 6; count += 1) controller.enqueue(chunk);
        controller.close();
      },
    });
    const response = await fetch(`${gateway.url}/v2/enqueue`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    });
    expect(response.status).toBe(413);
  });
});

describe('paths and methods', () => {
  it('answers 404 to an unknown path', async () => {
    for (const route of ['/v2/enqueu', '/v2', '/integration//enqueue', '/x-ere', '/x-ere/%zz', '/v2/%zz', '/%2f']) {
      expect((await post(route, '{}')).status).toBe(404);
    }
  });

  it.each(['//v2/enqueue', '/v2//enqueue/', '/v2/%65nqueue', '//v2/enqueue?next=//'])(
    'normalizes %s',
    async (route) => {
      expect((await post(route, JSON.stringify(TRIGGER))).status).toBe(202);
    },
  );

  it('keeps the query of a vendor request whose path has a double slash', async () => {
    await post(`//x-ere/${KEY}?a=//b`, JSON.stringify(TRIGGER));
    expect(gateway.sink.messages).toMatchObject([{ routingKey: KEY, query: 'a=//b' }]);
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])('answers 405 to %s with the allowed method', async (method) => {
    for (const route of ['/v2/enqueue', `/x-ere/${KEY}`]) {
      const response = await fetch(gateway.url + route, { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });

  it('has a landing page with an example command', async () => {
    const text = await (await fetch(gateway.url)).text();
    expect(text).toContain(`curl -H 'Content-Type: application/json' ${gateway.url}/v2/enqueue`);
    expect(text).toContain('202 (Events API v1: 200) means');
  });

  it('shows no Host header that a shell would run as a command', async () => {
    const response = await new Promise<string>((resolve, reject) => {
      get(gateway.url, { headers: { host: '$(reboot)' } }, (incoming) => {
        let text = '';
        incoming.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text));
      }).on('error', reject);
    });
    expect(response).not.toContain('reboot');
  });
});
