import net from 'node:net';

/** What the proxy does to connections. The names are those of toxiproxy's toxics where it has one. */
export type Fault =
  | { kind: 'none' }
  /** Nothing listens: connecting is refused. */
  | { kind: 'down' }
  /** Connections are accepted, what comes is swallowed, nothing is answered. */
  | { kind: 'black-hole' }
  /** All is well until a piece towards the server contains the text: from it on, a black hole. */
  | { kind: 'black-hole-at'; text: string }
  /** Every piece arrives this much later, in order. */
  | { kind: 'latency'; ms: number }
  /** A connection that has carried so many bytes in the direction is reset; the byte after the last is never seen. */
  | { kind: 'limit'; bytes: number; direction: 'to-server' | 'to-client' };

interface ProxiedConnection {
  client: net.Socket;
  server: net.Socket;
  forwarded: { 'to-server': number; 'to-client': number };
  swallowed: boolean;
  /** What the client sent while the connection is detained, but for what passes. */
  heldBack: { readonly pieces: Buffer[]; readonly passes: (piece: Buffer) => boolean } | undefined;
  last: Promise<void>;
}

type Direction = 'to-server' | 'to-client';

/** A TCP proxy in front of a server, which breaks connections in the ways networks do. */
export class FaultProxy {
  readonly #connections = new Set<ProxiedConnection>();
  #fault: Fault = { kind: 'none' };
  #listener: net.Server | undefined;
  #port = 0;
  #accepted = 0;
  #swallowed = 0;

  private constructor(private target: { host: string; port: number }) {}

  /** Listens on a port of the loopback interface in front of the target: a URL with a port, or a port of this machine. */
  static async start(target: string | number): Promise<FaultProxy> {
    const at = typeof target === 'number' ? { hostname: '127.0.0.1', port: String(target) } : new URL(target);
    const proxy = new FaultProxy({ host: at.hostname, port: Number(at.port) });
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Connections accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Bytes that went into black holes since the start. */
  get swallowed(): number {
    return this.#swallowed;
  }

  /** The same URL, through the proxy. */
  url(direct: string): string {
    const url = new URL(direct);
    url.hostname = '127.0.0.1';
    url.port = String(this.#port);
    return url.toString();
  }

  /** New connections go to that port of this machine from now on, as after a failover; open ones stay. */
  redirectTo(port: number): void {
    this.target = { host: '127.0.0.1', port };
  }

  /** From now on this fault and no other; open connections stay, except that `down` cuts them. */
  async inject(fault: Fault): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    // Bytes are missing in them; what goes on after that would be garbage.
    for (const connection of this.#connections) if (connection.swallowed) this.#drop(connection);
    if (fault.kind === 'down') {
      await this.#close();
      this.cut();
    } else if (before.kind === 'down') {
      await this.#listen();
    }
  }

  /** Back to a network without faults. */
  heal(): Promise<void> {
    return this.inject({ kind: 'none' });
  }

  /**
   * Detains all open connections, as a network that buffers does: what their clients send arrives when they are released, even
   * if the clients have given up long before, and nothing is answered. New connections pass.
   * @param passes pieces towards the server that arrive at once, as heartbeats that keep it from closing the connection
   */
  holdBack(passes: (piece: Buffer) => boolean = () => false): void {
    for (const connection of this.#connections) connection.heldBack = { pieces: [], passes };
  }

  /** Lets arrive what detained connections have sent, and ends them. Resolves with the number of bytes. */
  async release(): Promise<number> {
    let bytes = 0;
    for (const connection of [...this.#connections].filter(({ heldBack: detained }) => detained !== undefined)) {
      const sent = Buffer.concat(connection.heldBack?.pieces ?? []);
      bytes += sent.length;
      await new Promise<void>((resolve) => connection.server.end(sent, () => resolve()));
      this.#connections.delete(connection);
    }
    return bytes;
  }

  /** Ends all open connections, as a peer that goes away does. */
  cut(): void {
    for (const connection of this.#connections) this.#drop(connection);
  }

  /** Resets all open connections (RST), as a peer that crashed does. */
  reset(): void {
    for (const connection of this.#connections) this.#reset(connection);
  }

  async stop(): Promise<void> {
    const closed = this.#close();
    this.cut();
    await closed;
  }

  async #listen(): Promise<void> {
    const listener = net.createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.#connect(client));
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.#port, '127.0.0.1', resolve);
    });
    const address = listener.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
    this.#listener = listener;
  }

  async #close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    // Resolves only when all connections have ended, so the listening socket alone is waited for by what follows.
    listener?.close();
    await new Promise((resolve) => setImmediate(resolve));
  }

  #connect(client: net.Socket): void {
    this.#accepted += 1;
    const server = net.connect({ ...this.target, noDelay: true, allowHalfOpen: true });
    const connection: ProxiedConnection = {
      client,
      server,
      forwarded: { 'to-server': 0, 'to-client': 0 },
      swallowed: false,
      heldBack: undefined,
      last: Promise.resolve(),
    };
    this.#connections.add(connection);
    for (const [from, to, direction] of [
      [client, server, 'to-server'],
      [server, client, 'to-client'],
    ] as const) {
      from.on('data', (data: Buffer) => this.#forward(connection, from, to, direction, data));
      from.on('end', () => {
        if (connection.heldBack === undefined) this.#forwardAfterLatency(connection, () => to.end());
      });
      from.on('error', () => {
        if (connection.heldBack === undefined) this.#drop(connection);
      });
      from.on('close', () => {
        if (to.closed) this.#connections.delete(connection);
      });
    }
  }

  #forward(connection: ProxiedConnection, from: net.Socket, to: net.Socket, direction: Direction, data: Buffer): void {
    if (this.#fault.kind === 'black-hole-at' && direction === 'to-server' && data.includes(this.#fault.text)) {
      this.#fault = { kind: 'black-hole' };
    }
    const fault = this.#fault;
    if (connection.heldBack !== undefined) {
      if (direction === 'to-client') return;
      if (connection.heldBack.passes(data)) to.write(data);
      else connection.heldBack.pieces.push(data);
      return;
    }
    if (fault.kind === 'black-hole') {
      connection.swallowed = true;
      this.#swallowed += data.length;
      return;
    }
    const remaining =
      fault.kind === 'limit' && fault.direction === direction
        ? fault.bytes - connection.forwarded[direction]
        : Infinity;
    const piece = data.subarray(0, Math.max(0, Math.min(remaining, data.length)));
    connection.forwarded[direction] += piece.length;
    this.#forwardAfterLatency(connection, () => {
      if (piece.length > 0 && !to.destroyed && !to.write(piece)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
      if (piece.length < data.length) to.write('', () => this.#reset(connection));
    });
  }

  /** Runs the step now, or in its turn after the latency. */
  #forwardAfterLatency(connection: ProxiedConnection, step: () => void): void {
    if (this.#fault.kind !== 'latency') {
      void connection.last.then(step);
      return;
    }
    const due = new Promise<void>((resolve) =>
      setTimeout(resolve, this.#fault.kind === 'latency' ? this.#fault.ms : 0),
    );
    connection.last = connection.last.then(() => due).then(step);
  }

  #drop(connection: ProxiedConnection): void {
    this.#connections.delete(connection);
    connection.client.destroy();
    connection.server.destroy();
  }

  #reset(connection: ProxiedConnection): void {
    this.#connections.delete(connection);
    connection.client.resetAndDestroy();
    connection.server.resetAndDestroy();
  }
}
