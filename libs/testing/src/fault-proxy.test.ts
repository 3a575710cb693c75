import net from 'node:net';
import { text } from 'node:stream/consumers';
import { FaultProxy } from './fault-proxy';
import { waitUntil } from './wait-until';

/** A server that answers every piece with the same piece. */
async function startEcho(): Promise<{ port: number; stop(): void }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

class Client {
  received = '';
  ended: string | undefined;

  private constructor(readonly socket: net.Socket) {
    socket.on('data', (data: Buffer) => (this.received += data.toString()));
    socket.on('error', (error: NodeJS.ErrnoException) => (this.ended = error.code));
    socket.on('close', () => (this.ended ??= 'closed'));
  }

  static async connect(port: number): Promise<Client> {
    const client = new Client(net.connect(port, '127.0.0.1'));
    await waitUntil(() => client.socket.readyState === 'open' || client.ended, {
      what: 'the connection',
      intervalMs: 2,
    });
    return client;
  }

  async says(message: string): Promise<void> {
    this.socket.write(message);
    await this.has(message);
  }

  has(message: string): Promise<unknown> {
    return waitUntil(() => this.received.endsWith(message), { what: `"${message}"`, intervalMs: 2 });
  }

  end(): Promise<string> {
    return waitUntil(() => this.ended, { what: 'the end of the connection', intervalMs: 2 });
  }
}

describe('FaultProxy', () => {
  let echo: Awaited<ReturnType<typeof startEcho>>;
  let proxy: FaultProxy;
  const clients: Client[] = [];
  const connect = async (): Promise<Client> => {
    const client = await Client.connect(proxy.port);
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    echo = await startEcho();
    proxy = await FaultProxy.start(echo.port);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.destroy();
    await proxy.stop();
    echo.stop();
  });

  it('forwards data in both directions and rewrites URLs', async () => {
    await (await connect()).says('hello');
    expect(proxy.connections).toBe(1);
    expect(proxy.url('amqp://user:secret@example.org:5672/host')).toBe(
      `amqp://user:secret@127.0.0.1:${proxy.port}/host`,
    );
  });

  it('forwards more data than buffers hold', async () => {
    const client = await connect();
    const sent = 'x'.repeat(8 << 20);
    client.socket.end(sent);
    expect((await text(client.socket)).length).toBe(sent.length);
  });

  it('closes open connections and accepts new ones', async () => {
    const client = await connect();
    await client.says('hello');
    proxy.cut();
    expect(await client.end()).toBe('closed');
    await (await connect()).says('again');
  });

  it('resets open connections', async () => {
    const client = await connect();
    await client.says('hello');
    proxy.reset();
    expect(await client.end()).toBe('ECONNRESET');
  });

  it('refuses connections while it is down, and accepts them on the same port afterwards', async () => {
    const port = proxy.port;
    const client = await connect();
    await proxy.inject({ kind: 'down' });
    await client.end();
    expect(await (await connect()).end()).toBe('ECONNREFUSED');
    await proxy.heal();
    expect(proxy.port).toBe(port);
    await (await connect()).says('again');
  });

  it('discards data as a black hole, and closes connections that lost data when the fault is removed', async () => {
    const client = await connect();
    await client.says('hello');
    await proxy.inject({ kind: 'black-hole' });
    client.socket.write('lost');
    const late = await connect();
    late.socket.write('lost as well');
    await waitUntil(() => proxy.swallowed === 'lostlost as well'.length, { what: 'the bytes to be swallowed' });
    expect([client.ended, late.ended, client.received]).toEqual([undefined, undefined, 'hello']);
    await proxy.heal();
    await client.end();
    await (await connect()).says('again');
  });

  it('becomes a black hole with the first chunk that contains a text', async () => {
    const client = await connect();
    await proxy.inject({ kind: 'black-hole-at', text: 'mark' });
    await client.says('hello');
    client.socket.write('a mark');
    await waitUntil(() => proxy.swallowed === 'a mark'.length, { what: 'the piece to be swallowed' });
    client.socket.write('more');
    await waitUntil(() => proxy.swallowed === 'a markmore'.length, { what: 'what follows to be swallowed' });
    await proxy.heal();
    await client.end();
    expect(client.received).toBe('hello');
  });

  it('keeps the order with latency', async () => {
    await proxy.inject({ kind: 'latency', ms: 20 });
    const client = await connect();
    for (const piece of ['a', 'b', 'c', 'd']) client.socket.write(piece);
    await client.has('abcd');
    await proxy.heal();
    await client.says('e');
  });

  it('resets a connection after a number of bytes', async () => {
    await proxy.inject({ kind: 'limit', bytes: 5, direction: 'to-client' });
    const client = await connect();
    client.socket.write('hello world');
    await client.end();
    expect('hello'.startsWith(client.received)).toBe(true);
  });

  it('delivers held-back data when released, even after the clients have given up', async () => {
    const heard: string[] = [];
    const server = net.createServer((socket) => socket.on('data', (data: Buffer) => heard.push(data.toString())));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const detaining = await FaultProxy.start(typeof address === 'object' && address !== null ? address.port : 0);
    const client = await Client.connect(detaining.port);
    client.socket.write('before');
    await waitUntil(() => heard.join('') === 'before', { what: 'what was sent before' });
    let seen = '';
    detaining.holdBack((piece) => {
      seen += piece.toString();
      return piece.toString() === 'passes';
    });
    client.socket.write('detained');
    await waitUntil(() => seen === 'detained', { what: 'what is detained' });
    client.socket.write('passes');
    await waitUntil(() => heard.join('') === 'beforepasses', { what: 'what passes' });
    client.socket.resetAndDestroy();
    await client.end();
    expect(await detaining.release()).toBe('detained'.length);
    await waitUntil(() => heard.join('') === 'beforepassesdetained', { what: 'what was detained' });
    await detaining.stop();
    server.close();
  });
});
