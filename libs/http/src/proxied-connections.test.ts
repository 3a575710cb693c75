import { generate } from 'selfsigned';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server as TcpServer, type Socket } from 'node:net';
import { type TLSSocket } from 'node:tls';
import { PostClient, type PostClientOptions } from './post-client';

const variables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
const opened: TcpServer[] = [];
const sockets = new Set<Socket>();
const clients: PostClient[] = [];
let authority: { private: string; cert: string };

beforeAll(async () => {
  authority = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
});
beforeEach(() => {
  for (const name of variables) Reflect.deleteProperty(process.env, name);
});
afterEach(async () => {
  for (const name of variables) Reflect.deleteProperty(process.env, name);
  for (const client of clients.splice(0)) client.close();
  for (const socket of sockets) socket.destroy();
  await Promise.all(opened.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

function listen(server: TcpServer): Promise<number> {
  opened.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

/** A proxy that tunnels everywhere; it records what it was asked for. */
async function startProxy(): Promise<{ port: number; asked: { target: string; authorization: string | undefined }[] }> {
  const asked: { target: string; authorization: string | undefined }[] = [];
  const proxy = createServer().on('connect', ({ url = '', headers }, socket: Socket) => {
    asked.push({ target: url, authorization: headers['proxy-authorization'] });
    const { hostname, port } = new URL(`http://${url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  return { port: await listen(proxy), asked };
}

const answering = (): Server =>
  createServer((request, response) => request.resume().once('end', () => response.end('ok')));

const post = (url: string, options: Partial<PostClientOptions> = {}) => {
  const client = new PostClient({ maxSockets: 2, attemptTimeoutMs: 30_000, connectTimeoutMs: 30_000, ...options });
  clients.push(client);
  const send = () => client.post({ url, headers: {}, body: Buffer.from('{}') });
  return { send, client };
};

describe('a post through a proxy', () => {
  it('goes through one tunnel for several posts, with the credentials of the proxy', async () => {
    const { port, asked } = await startProxy();
    const target = await listen(answering());
    process.env.HTTP_PROXY = `http://svc:p%40ss@127.0.0.1:${port}`;
    const { send } = post(`http://127.0.0.1:${target}/`);
    expect(await send()).toMatchObject({ kind: 'response', status: 200, body: 'ok' });
    expect(await send()).toMatchObject({ kind: 'response', status: 200 });
    const authorization = `Basic ${Buffer.from('svc:p@ss').toString('base64')}`;
    expect(asked).toEqual([{ target: `127.0.0.1:${target}`, authorization }]);
  });

  it('speaks TLS with the server, not with the proxy, and trusts only known authorities', async () => {
    const { port, asked } = await startProxy();
    const server = createTlsServer({ key: authority.private, cert: authority.cert }, (_request, response) =>
      response.end('ok'),
    );
    const target = await listen(server);
    process.env.HTTPS_PROXY = `127.0.0.1:${port}`;
    const url = `https://localhost:${target}/`;
    expect(await post(url).send()).toMatchObject({ kind: 'fault', fault: 'certificate-untrusted' });
    expect(await post(url, { tls: { ca: [authority.cert] } }).send()).toMatchObject({ kind: 'response', body: 'ok' });
    expect(asked.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });

  it('goes through a proxy that is reached over TLS', async () => {
    const proxy = createTlsServer({ key: authority.private, cert: authority.cert });
    const port = await listen(proxy);
    process.env.HTTP_PROXY = `https://localhost:${port}`;
    // Its authority would have to be in NODE_EXTRA_CA_CERTS.
    expect(await post('http://127.0.0.1:1/').send()).toMatchObject({ fault: 'certificate-untrusted' });
  });

  it('fails with the status with which the proxy refuses it, and asks again for the next one', async () => {
    let asked = 0;
    const proxy = createServer().on('connect', (_request, socket: Socket) => {
      asked += 1;
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    process.env.HTTP_PROXY = `http://127.0.0.1:${await listen(proxy)}`;
    const { send } = post('http://events.invalid/');
    const refused = { kind: 'fault', fault: 'proxy', detail: expect.stringContaining('status 407') as string };
    expect(await send()).toEqual(refused);
    expect(await send()).toEqual(refused);
    expect(asked).toBe(2);
  });

  it('asks once for a tunnel if the proxy closes the connection instead', async () => {
    let asked = 0;
    const proxy = createServer().on('connect', (_request, socket: Socket) => {
      asked += 1;
      socket.destroy();
    });
    process.env.HTTP_PROXY = `http://127.0.0.1:${await listen(proxy)}`;
    expect(await post('http://events.invalid/').send()).toMatchObject({ kind: 'fault', fault: 'reset' });
    expect(asked).toBe(1);
  });

  it('times out while the proxy opens no tunnel, and closes the connection to it', async () => {
    const tunnels: Socket[] = [];
    const proxy = createServer().on('connect', (_request, socket: Socket) => tunnels.push(socket.resume()));
    process.env.HTTP_PROXY = `http://127.0.0.1:${await listen(proxy)}`;
    const attempt = post('http://events.invalid/', { connectTimeoutMs: 500 }).send();
    await once(proxy, 'connect');
    const closed = once(tunnels[0] ?? proxy, 'end');
    expect(await attempt).toEqual({ kind: 'fault', fault: 'timeout', detail: 'no connection within 500 ms' });
    await closed;
  });
});

describe('a post over TLS', () => {
  it('shows its certificate to a server that wants one, and resumes the session', async () => {
    const seen: { authorized: boolean; isResumed: boolean }[] = [];
    const server = createTlsServer(
      {
        key: authority.private,
        cert: authority.cert,
        ca: [authority.cert],
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        const socket = request.socket as TLSSocket;
        seen.push({ authorized: socket.authorized, isResumed: socket.isSessionReused() });
        response.setHeader('connection', 'close').end('ok');
      },
    );
    const url = `https://127.0.0.1:${await listen(server)}/`;
    const { send } = post(url, { tls: { ca: [authority.cert], certificate: authority.cert, key: authority.private } });
    for (let count = 0; count < 2; count += 1) expect(await send()).toMatchObject({ kind: 'response', status: 200 });
    expect(seen).toEqual([
      { authorized: true, isResumed: false },
      { authorized: true, isResumed: true },
    ]);
    expect(await post(url, { tls: { ca: [authority.cert] } }).send()).toMatchObject({ kind: 'fault' });
  });
});
