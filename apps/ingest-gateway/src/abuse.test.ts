import { waitUntil } from '@pdaltagent/testing';
import { connect, type Socket } from 'node:net';
import { KEY, startGateway, type RunningGateway } from './gateway.fixture';

const BODY = JSON.stringify({ routing_key: KEY, event_action: 'resolve', dedup_key: 'a' });

let gateway: RunningGateway;
/** Disconnects nobody within the time of a test. */
let patient: RunningGateway;
beforeAll(async () => {
  patient = await startGateway();
  gateway = await startGateway({
    limits: { headersTimeout: 1_000, requestTimeout: 2_000, keepAliveTimeout: 200, connectionsCheckingInterval: 50 },
  });
});
afterAll(async () => {
  await gateway.stop();
  await patient.stop();
});
beforeEach(() => {
  gateway.sink.messages.length = 0;
});

/** Writes the parts and resolves with everything received until the gateway closed the connection. */
function sendAndReceive(...parts: readonly string[]): Promise<string> {
  return connectAndReceive((socket) => {
    for (const part of parts) socket.write(part);
  });
}

function connectAndReceive(send: (socket: Socket) => void, to = gateway): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(to.ports.http), '127.0.0.1', () => send(socket));
    socket.on('data', (chunk) => (received += String(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
}

function request(body = BODY, ...headers: string[]): string {
  const lines = [
    `POST /v2/enqueue HTTP/1.1`,
    'host: gateway',
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** The sum of a metric over all lines that contain the label. */
async function metric(name: string, label = ''): Promise<number> {
  const lines = (await gateway.metrics.metrics()).split('\n').filter((line) => line.startsWith(name));
  return lines.filter((line) => line.includes(label)).reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
}

async function isHealthy(to = gateway): Promise<void> {
  const response = await fetch(`${to.url}/v2/enqueue`, { method: 'POST', body: BODY });
  expect(response.status).toBe(202);
}

describe('clients that misbehave', () => {
  afterEach(() => isHealthy());

  it('are disconnected if they send nothing', async () => {
    expect(await sendAndReceive()).toMatch(/^(HTTP\/1.1 408 |$)/);
  });

  it('are disconnected if their headers do not end', async () => {
    expect(await sendAndReceive('POST /v2/enqueue HTTP/1.1\r\nhost: x\r\n')).toMatch(/^HTTP\/1.1 408 /);
  });

  it('are disconnected if their body does not end', async () => {
    expect(
      await sendAndReceive('POST /v2/enqueue HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"routing'),
    ).toMatch(/^HTTP\/1.1 408 /);
    expect(gateway.sink.messages).toHaveLength(0);
  });

  it('are disconnected if they stay silent after an event', async () => {
    expect(await sendAndReceive(request())).toMatch(/^HTTP\/1.1 202 /);
  });

  it.each([
    ['both lengths', ['transfer-encoding: chunked', 'content-length: 4'], '0\r\n\r\n'],
    ['two lengths', ['content-length: 4', 'content-length: 5'], 'abcd'],
    ['an obscured encoding', ['transfer-encoding: xchunked'], '0\r\n\r\n'],
    ['a space before the colon', ['content-length : 4'], 'abcd'],
    ['a folded header', ['x-a: 1', ' 2'], ''],
    ['a lone line feed', ['x-a: 1\nx-b: 2'], ''],
  ])('cannot smuggle requests with %s', async (_, headers, body) => {
    const received = await sendAndReceive(
      `${['POST /v2/enqueue HTTP/1.1', 'host: x', ...headers].join('\r\n')}\r\n\r\n${body}`,
    );
    expect(received).toMatch(/^HTTP\/1.1 (400|501) /);
    expect(received.match(/HTTP\/1.1/g)).toHaveLength(1);
    expect(gateway.sink.messages).toHaveLength(0);
  });

  it.each(['not a request\r\n\r\n', '\u0016\u0003\u0001 TLS on the wrong port', 'GET\r\n\r\n'])(
    'get 400 for %j',
    async (text) =>
      expect(await sendAndReceive(text)).toMatch(/^HTTP\/1.1 400 [^]*Event object format is unrecognized/),
  );

  it.each([
    ['no Host', 400, ['content-length: 2'], 'Host header is missing'],
    ['an unknown Expect', 417, ['host: x', 'expect: tea', 'content-length: 2'], 'Expect must be 100-continue'],
    [
      'a compressed transfer',
      501,
      ['host: x', 'transfer-encoding: gzip, chunked'],
      'Transfer-Encoding must be chunked',
    ],
  ])('get a reason in JSON for %s: %d', async (_, status, headers, reason) => {
    const before = await metric('pdaltagent_gateway_requests_refused_total', 'malformed');
    const received = await sendAndReceive(`${['POST /v2/enqueue HTTP/1.1', ...headers].join('\r\n')}\r\n\r\n{}`);
    expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"status":"Unrecognized object"[^]*${reason}`));
    expect(await metric('pdaltagent_gateway_requests_refused_total', 'malformed')).toBe(before + 1);
    expect(gateway.sink.messages).toHaveLength(0);
  });

  it('get 405 if they use it as a proxy', async () => {
    const received = await sendAndReceive(
      'CONNECT events.pagerduty.com:443 HTTP/1.1\r\nhost: events.pagerduty.com:443\r\n\r\n',
    );
    expect(received).toMatch(/^HTTP\/1.1 405 [^]*allow: POST[^]*This is not a proxy/);
  });

  it.each([
    ['has no other request', ''],
    ['comes after a request', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'],
    ['comes after an event', request()],
  ])('do not end the gateway by resetting a connection that they use as a proxy, which %s', async (_, before) => {
    for (let attempt = 0; attempt < 10; attempt += 1)
      await connectAndReceive((socket) =>
        socket.write(`${before}CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n`, () => socket.resetAndDestroy()),
      );
    await isHealthy();
  });

  it('get 431 for headers over 16 KB', async () => {
    expect(await sendAndReceive(request(BODY, `x-big: ${'x'.repeat(20_000)}`))).toMatch(/^HTTP\/1.1 431 /);
  });

  it('get 431 for over 200 headers', async () => {
    expect(await sendAndReceive(request(BODY, ...Array.from({ length: 250 }, () => 'a: b')))).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(gateway.sink.messages).toHaveLength(0);
  });

  it.each([
    ['escaped many times', `/%${'25'.repeat(4_000)}`],
    ['escaped many times, after a double slash', `//%${'25'.repeat(4_000)}`],
    ['nothing but slashes', '/'.repeat(8_000)],
    ['a key that is escaped many times', `/x-ere/%${'25'.repeat(4_000)}`],
  ])('do not delay others with a path that is %s', async (_, path) => {
    const before = process.cpuUsage();
    const head = `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n`;
    const many = [...Array.from({ length: 39 }, () => head), `${head}connection: close\r\n`, ''].join('\r\n');
    const [received] = await Promise.all([
      connectAndReceive((socket) => socket.write(many), patient),
      isHealthy(patient),
    ]);
    expect(received.match(/HTTP\/1.1 (404|400|405) /g)).toHaveLength(40);
    // Not the time that passes: the machine may be busy otherwise.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });

  it.each(['foo://', 'http://[', '*', '/%', '/v2/%ff', '?', '/\u0080'])(
    'get JSON for the request target %s, never the error page of express',
    async (target) => {
      for (const method of ['POST', 'GET', 'OPTIONS', 'HEAD']) {
        const received = await sendAndReceive(`${method} ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
        expect(received).toMatch(/^HTTP\/1.1 40[045] [^]*content-type: application\/json/i);
        expect(received).not.toMatch(/<html|node_modules|Cannot /i);
      }
    },
  );

  it('cause nothing if they disconnect in the middle of a body', async () => {
    await connectAndReceive((socket) => {
      socket.write('POST /v2/enqueue HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"routing', () =>
        socket.resetAndDestroy(),
      );
    });
    expect(gateway.sink.messages).toHaveLength(0);
  });
});

describe('clients that are unusual', () => {
  it('get a response to each pipelined request, in order', async () => {
    const received = await sendAndReceive(request(), request('{'), request());
    expect(received.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 202', 'HTTP/1.1 400', 'HTTP/1.1 202']);
  });

  it('get a response after they half-closed the connection', async () => {
    expect(await connectAndReceive((socket) => socket.end(request()))).toMatch(/^HTTP\/1.1 202 /);
  });

  it('may send Expect: 100-continue, and need not send a body that is too large', async () => {
    const head = (length: number) =>
      `POST /v2/enqueue HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n`;
    expect(await sendAndReceive(head(BODY.length), BODY)).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 202 /);
    expect(await sendAndReceive(head(5_000_000))).toMatch(/^HTTP\/1.1 413 /);
  });

  it('may use chunked encoding and any content type', async () => {
    const chunked = `POST /v2/enqueue HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\ntransfer-encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
    expect(await sendAndReceive(chunked)).toMatch(/^HTTP\/1.1 202 /);
    expect(gateway.sink.messages.at(-1)?.body.toString()).toBe(BODY);
  });
});

describe('a malformed request after an event that still waits to be stored', () => {
  let store = (): void => undefined;
  const malformed = () => metric('pdaltagent_gateway_requests_refused_total', 'malformed');
  beforeEach(() => {
    gateway.sink.gate = new Promise((resolve) => (store = resolve));
  });
  afterEach(() => {
    gateway.sink.gate = Promise.resolve();
  });

  it.each([
    ['garbage', 'garbage\r\n\r\n'],
    [
      'a body that cannot be read',
      `${request(BODY, 'transfer-encoding: chunked').replace(/content-length.*\r\n/, '')}x`,
    ],
    ['garbage many times', 'garbage\r\n\r\n'.repeat(10_000)],
  ])('%s is refused after the response to the event', async (_, broken) => {
    const before = await malformed();
    const received = connectAndReceive((socket) => socket.write(request() + request() + broken));
    await waitUntil(async () => (await malformed()) > before, { what: 'the garbage to be counted' });
    store();
    expect((await received).match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 202', 'HTTP/1.1 202', 'HTTP/1.1 400']);
    expect(gateway.sink.messages).toHaveLength(2);
  });

  it('is not what a half-closed connection is: the event gets its response', async () => {
    const received = connectAndReceive((socket) => socket.end(request()));
    await waitUntil(async () => (await metric('pdaltagent_gateway_events_in_flight')) > 0, {
      what: 'the event to wait',
    });
    store();
    expect(await received).toMatch(/^HTTP\/1.1 202 /);
  });
});
