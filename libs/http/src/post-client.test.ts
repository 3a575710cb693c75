import { once } from 'node:events';
import { createServer, type RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server as TcpServer, type AddressInfo, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { PostClient } from './post-client';

const body = Buffer.from('{"a":1}');
let client: PostClient;
const opened: TcpServer[] = [];

beforeEach(() => {
  client = new PostClient({ maxSockets: 8, attemptTimeoutMs: 30_000, connectTimeoutMs: 30_000 });
});
afterEach(async () => {
  client.close();
  for (const server of opened) if (server instanceof Server) server.closeAllConnections();
  await Promise.all(opened.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

function listen(server: TcpServer): Promise<number> {
  opened.push(server);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

async function serve(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  return { url: `http://127.0.0.1:${await listen(server)}/v2/enqueue`, server };
}

async function raw(onConnection: (socket: Socket) => void): Promise<string> {
  return `http://127.0.0.1:${await listen(createTcpServer(onConnection))}/`;
}

const post = (url: string, signal?: AbortSignal) =>
  client.post({ url, headers: { 'content-type': 'text/plain' }, body, ...(signal === undefined ? {} : { signal }) });

describe('a post', () => {
  it('sends nothing once sending is not allowed any more, over a new connection or a kept-alive one', async () => {
    let requests = 0;
    const { url } = await serve((_request, response) => {
      requests += 1;
      response.writeHead(202).end();
    });
    let isSendingAllowed = true;
    client.close();
    client = new PostClient({ maxSockets: 1, isSendingAllowed: () => isSendingAllowed });
    expect(await post(url)).toMatchObject({ kind: 'response', status: 202 });
    isSendingAllowed = false;
    expect(await post(url)).toMatchObject({ kind: 'fault', fault: 'timeout' });
    expect(await post(url)).toMatchObject({ kind: 'fault', fault: 'timeout' });
    expect(requests).toBe(1);
  });

  const DATE = 'Sun, 01 Mar 2026 00:00:30 GMT';

  it('sends the exact bytes and headers and returns the response', async () => {
    const { url } = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(202, { date: DATE, 'retry-after': '7', 'content-type': 'text/plain', server: 'nginx' });
        response.end(
          `${request.headers['content-type']} ${Buffer.concat(chunks).toString()} ${request.headers['content-length']}`,
        );
      });
    });
    expect(await post(url)).toEqual({
      kind: 'response',
      status: 202,
      retryAfter: '7',
      date: DATE,
      body: 'text/plain {"a":1} 7',
      contentType: 'text/plain',
      server: 'nginx',
    });
  });

  it('removes characters that are not allowed in a header', async () => {
    const { url } = await serve((request, response) => {
      request.resume().on('end', () => response.end(String(request.headers['x-title'])));
    });
    const headers = { 'x-title': 'caf\u00e9\r\nx-more: \u2713 1\u0000' };
    expect(await client.post({ url, headers, body })).toMatchObject({ kind: 'response', body: 'caf\u00e9x-more:  1' });
  });

  it('is not sent if its caller aborted it before', async () => {
    let requests = 0;
    const { url } = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    await expect(post(url, AbortSignal.abort(new Error('lane lost')))).rejects.toThrow('lane lost');
    await post(url);
    expect(requests).toBe(1);
  });

  it('sends nothing over a kept-alive connection if its caller aborts it before that', async () => {
    let requests = 0;
    const { url } = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    await post(url);
    const abort = new AbortController();
    const attempt = post(url, abort.signal);
    process.nextTick(() => process.nextTick(() => abort.abort(new Error('lane lost'))));
    await expect(attempt).rejects.toThrow('lane lost');
    await post(url);
    expect(requests).toBe(2);
  });

  it('sends nothing over a kept-alive connection that receives a response before the request was sent', async () => {
    const connections: { socket: Socket; requests: number }[] = [];
    const url = await raw((socket) => {
      const connection = { socket, requests: 0 };
      connections.push(connection);
      socket.on('error', () => undefined);
      socket.on('data', () => {
        connection.requests += 1;
        socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok');
      });
    });
    await post(url);
    const closed = once(connections[0]?.socket ?? new Socket(), 'close');
    // A post begun after this iteration's I/O is sent after the I/O of the next one, which receives the response.
    await turn();
    connections[0]?.socket.write('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n');
    expect(await post(url)).toMatchObject({ kind: 'response', status: 202 });
    await closed;
    expect(connections.map(({ requests }) => requests)).toEqual([1, 1]);
  });

  it('reuses its connection for the next one', async () => {
    const ports = new Set<number | undefined>();
    const { url } = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      request.resume().on('end', () => response.end());
    });
    await post(url);
    await post(url);
    expect(ports.size).toBe(1);
  });

  it('does not follow a redirect', async () => {
    const { url } = await serve((_request, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    );
    expect(await post(url)).toMatchObject({ kind: 'response', status: 302 });
  });

  it('reads 64 KB of an endless response', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(400);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const attempt = await post(url);
    expect(attempt).toMatchObject({ kind: 'response', status: 400 });
    expect(attempt.kind === 'response' && attempt.body.length).toBe(65_536);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])(
    'can read a response that a proxy compressed with %s although that was not requested',
    async (encoding, compress) => {
      const { url } = await serve((_request, response) =>
        response.writeHead(202, { 'content-encoding': encoding }).end(compress('{"status":"success"}')),
      );
      expect(await post(url)).toMatchObject({ kind: 'response', body: '{"status":"success"}' });
    },
  );

  it('returns a compressed response that is too long, or invalid, as received', async () => {
    const bodies = [gzipSync(Buffer.alloc(1_000_000)), Buffer.from('plain')];
    const { url } = await serve((_request, response) =>
      response.writeHead(202, { 'content-encoding': 'gzip' }).end(bodies.shift()),
    );
    const bomb = await post(url);
    expect(bomb.kind === 'response' && bomb.body.length).toBeLessThan(2_000);
    expect(await post(url)).toMatchObject({ kind: 'response', body: 'plain' });
  });

  it('tries again once over a new connection if the kept-alive one had just been closed', async () => {
    let connections = 0;
    const url = await raw((socket) => {
      connections += 1;
      const first = connections === 1;
      let requests = 0;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        requests += 1;
        if (first && requests === 2) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok');
      });
    });
    await post(url);
    expect(await post(url)).toMatchObject({ kind: 'response', status: 202 });
    expect(connections).toBe(2);
  });

  it('is refused if nobody listens', async () => {
    const port = await listen(createTcpServer());
    await Promise.all(opened.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    expect(await post(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'fault', fault: 'refused' });
  });

  it('is reset', async () => {
    const url = await raw((socket) => socket.on('error', () => undefined).once('data', () => socket.resetAndDestroy()));
    expect(await post(url)).toMatchObject({ kind: 'fault', fault: 'reset' });
  });

  it('is cut short if the response ends too early', async () => {
    const url = await raw((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 202 Accepted\r\ncontent-length: 20\r\n\r\n{"sta')),
    );
    expect(await post(url)).toMatchObject({ kind: 'fault', fault: 'cut-short' });
  });

  it('is cut short if the server does not speak HTTP', async () => {
    const url = await raw((socket) => socket.once('data', () => socket.end('220 mail ready\r\n')));
    expect(await post(url)).toMatchObject({ kind: 'fault', fault: 'cut-short' });
  });

  it('times out if there is no response, or if it does not end', async () => {
    client = new PostClient({ maxSockets: 8, attemptTimeoutMs: 100 });
    const silent = await raw((socket) => socket.on('error', () => undefined).resume());
    expect(await post(silent)).toMatchObject({ kind: 'fault', fault: 'timeout' });
    const { url } = await serve((_request, response) => void response.writeHead(202).write('{'));
    expect(await post(url)).toMatchObject({ kind: 'fault', fault: 'timeout' });
  });

  it('cannot resolve a name that does not exist', async () => {
    expect(await post('http://pagerduty.invalid/')).toMatchObject({ kind: 'fault', fault: 'dns' });
  });

  it('does not trust a certificate from an unknown authority', async () => {
    const pair = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
    const port = await listen(createTlsServer({ key: pair.private, cert: pair.cert }));
    expect(await post(`https://127.0.0.1:${port}/`)).toMatchObject({ kind: 'fault', fault: 'certificate-untrusted' });
  });

  it('ends when its caller aborts it', async () => {
    const silent = await raw((socket) => socket.on('error', () => undefined).resume());
    const abort = new AbortController();
    const attempt = post(silent, abort.signal);
    abort.abort(new Error('lane lost'));
    await expect(attempt).rejects.toThrow('lane lost');
  });

  it('has closed its connection by the time its rejection reaches the caller who aborted it', async () => {
    let arrived: (socket: Socket) => void = () => undefined;
    const connection = new Promise<Socket>((resolve) => (arrived = resolve));
    const silent = await raw((socket) => socket.on('error', () => undefined).once('data', () => arrived(socket)));
    const abort = new AbortController();
    client = new PostClient({ maxSockets: 8 });
    const attempt = post(silent, abort.signal);
    const closed = once(await connection, 'close');
    abort.abort(new Error('interrupted'));
    await expect(attempt).rejects.toThrow('interrupted');
    await closed;
  });
});
