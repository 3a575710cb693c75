import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { PostClient, type PostClientOptions } from './post-client';

const OK = 'HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok';

interface Received {
  readonly socket: Socket;
  /** As they came: one request is one chunk here. */
  readonly requests: string[];
}

let server: Server;
let client: PostClient;
const connections: Received[] = [];
/** What the server does with a request. */
let answer: (socket: Socket, count: number) => void;

beforeEach(async () => {
  connections.length = 0;
  answer = (socket) => void socket.write(OK);
  server = createServer((socket) => {
    const requests: string[] = [];
    connections.push({ socket, requests });
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      requests.push(chunk.toString());
      answer(socket, requests.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  client.close();
  for (const { socket } of connections) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function use(options: Partial<PostClientOptions> = {}): void {
  client = new PostClient({ maxSockets: 1, attemptTimeoutMs: 30_000, connectTimeoutMs: 30_000, ...options });
}

const post = (signal?: AbortSignal, headers: Readonly<Record<string, string>> = {}) =>
  client.post({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    headers,
    body: Buffer.from('{}'),
    ...(signal === undefined ? {} : { signal }),
  });

it('a post goes over a new connection after the server closed the idle one, and is no fault', async () => {
  use();
  await post();
  const [first] = connections;
  first?.socket.end();
  if (first !== undefined) await once(first.socket, 'close');
  expect(await post()).toMatchObject({ kind: 'response', status: 202 });
  expect(connections.map(({ requests }) => requests.length)).toEqual([1, 1]);
});

it('a post over a new connection that the server closes without a response is not repeated', async () => {
  use();
  answer = (socket) => void socket.end();
  expect(await post()).toMatchObject({ kind: 'fault', fault: 'reset' });
  expect(connections.map(({ requests }) => requests.length)).toEqual([1]);
});

it('a post is not repeated after the response had begun', async () => {
  use();
  await post();
  answer = (socket) => void socket.end('HTTP/1.1 202 Accepted\r\ncontent-length: 9\r\n\r\nok');
  expect(await post()).toMatchObject({ kind: 'fault', fault: 'cut-short' });
  expect(connections.map(({ requests }) => requests.length)).toEqual([2]);
});

it('more posts than connections wait for one, and one that is aborted meanwhile is not sent', async () => {
  use();
  const held = new Promise<Socket>((resolve) => (answer = resolve));
  const first = post(undefined, { 'x-number': '1' });
  const abort = new AbortController();
  const second = post(abort.signal, { 'x-number': '2' });
  const third = post(undefined, { 'x-number': '3' });
  abort.abort(new Error('lane lost'));
  await expect(second).rejects.toThrow('lane lost');
  const socket = await held;
  answer = () => void socket.write(OK);
  socket.write(OK);
  expect(await Promise.all([first, third])).toMatchObject([{ status: 202 }, { status: 202 }]);
  expect(connections).toHaveLength(1);
  expect(connections[0]?.requests.map((request) => /x-number: (\d)/.exec(request)?.[1])).toEqual(['1', '3']);
});

it('a post that times out closes its connection, and the next one has its own', async () => {
  use({ attemptTimeoutMs: 500 });
  answer = () => undefined;
  expect(await post()).toMatchObject({ kind: 'fault', fault: 'timeout', detail: 'no response within 500 ms' });
  answer = (socket) => void socket.write(OK);
  client.close();
  use();
  expect(await post()).toMatchObject({ status: 202 });
  expect(connections.map(({ requests }) => requests.length)).toEqual([1, 1]);
});

it('no connection is opened for a post that timed out or was aborted', async () => {
  use({ attemptTimeoutMs: 500 });
  answer = () => undefined;
  expect(await post()).toMatchObject({ fault: 'timeout' });
  answer = (socket) => void socket.write(OK);
  expect(await post()).toMatchObject({ status: 202 });
  expect(connections).toHaveLength(2);
});

it.each([
  ['whole', ['HTTP/1.1 100 Continue\r\n\r\n']],
  [
    'with a header, twice, before the response in the same packet',
    ['HTTP/1.1 100 Continue\r\nx: y\r\n\r\nHTTP/1.1 100\r\n\r\n'],
  ],
  ['in pieces', ['HTT', 'P/1.1 100 Cont', 'inue\r\n', '\r\n']],
  ['of another interim status', ['HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n']],
])('a response that follows an interim one, %s, is received', async (_title, pieces) => {
  use();
  answer = (socket) => {
    const write = ([piece, ...rest]: readonly string[]): void => {
      if (piece === undefined) socket.write(OK);
      else if (pieces.length === 1) socket.write(piece + OK);
      else socket.write(piece, () => setImmediate(() => write(rest)));
    };
    socket.setNoDelay(true);
    write(pieces);
  };
  for (let count = 0; count < 2; count += 1) expect(await post()).toMatchObject({ status: 202, body: 'ok' });
  expect(connections).toHaveLength(1);
});

it('a body that looks like an interim response is returned unchanged', async () => {
  use();
  const body = 'HTTP/1.1 100 Continue\r\n\r\nok';
  answer = (socket) =>
    void socket.write(`HTTP/1.1 202 Accepted\r\ncontent-length: ${body.length}\r\n\r\n`, () =>
      setImmediate(() => socket.write(body)),
    );
  expect(await post()).toMatchObject({ status: 202, body });
});

it('a header is sent once, whatever the case of its name, with the last value', async () => {
  use();
  await post(undefined, { Accept: 'text/plain', 'user-agent': 'first', 'User-Agent': 'last' });
  const lines = connections[0]?.requests[0]?.split('\r\n') ?? [];
  expect(lines.filter((line) => /^(accept|user-agent):/i.test(line)).sort()).toEqual([
    'Accept: text/plain',
    'User-Agent: last',
  ]);
});

it('a post that can never be sent is rejected, because no network is at fault, and the next one is sent', async () => {
  use();
  await expect(post(undefined, { expect: '100-continue' })).rejects.toThrow('expect header not supported');
  await expect(post(undefined, { 'content-length': '7' })).rejects.toThrow('content-length');
  expect(await post()).toMatchObject({ status: 202 });
  expect(connections.flatMap(({ requests }) => requests)).toHaveLength(1);
});
