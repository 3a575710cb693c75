import net from 'node:net';
import { freePort } from './ports';

/** What the proxy does to connections, named after toxiproxy's toxics where one exists. */
export type Fault =
  | { kind: 'none' }
  /** The port is closed: connections are refused. */
  | { kind: 'down' }
  /** Connections are accepted, data is discarded, nothing is answered. */
  | { kind: 'black-hole' }
  /** Becomes a black hole as soon as a chunk for the server contains the text. */
  | { kind: 'black-hole-at'; text: string }
  /** Delays every chunk, and keeps the order. */
  | { kind: 'latency'; ms: number }
  /** Resets a connection once it has forwarded this many bytes in the direction. */
  | { kind: 'limit'; bytes: number; direction: 'to-server' | 'to-client' };

interface ProxiedConnection {
  client: net.Socket;
  server: net.Socket;
  forwarded: { 'to-server': number; 'to-client': number };
  swallowed: boolean;
  /** Chunks of the client that are held back, and the filter for those that pass. */
  heldBack: { readonly pieces: Buffer[]; readonly passes: (piece: Buffer) => boolean } | undefined;
  last: Promise<void>;
}

type Direction = 'to-server' | 'to-client';

/** A TCP proxy in front of a server that injects network faults. */
export class FaultProxy {
  readonly #connections = new Set<ProxiedConnection>();
  #fault: Fault = { kind: 'none' };
  #listener: net.Server | undefined;
  #port = 0;
  #accepted = 0;
  #swallowed = 0;

  private constructor(private target: { host: string; port: number }) {}

  /** Listens on a loopback port. `target`: a URL with a port, or a port of this machine. */
  static async start(target: string | number): Promise<FaultProxy> {
    const at = typeof target === 'number' ? { hostname: '127.0.0.1', port: String(target) } : new URL(target);
    const proxy = new FaultProxy({ host: at.hostname, port: Number(at.port) });
    // Not an ephemeral one, which an outgoing connection could take while the proxy is down.
    proxy.#port = await freePort();
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Number of connections accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Number of bytes discarded by black holes since the start. */
  get swallowed(): number {
    return this.#swallowed;
  }

  /** The same URL through the proxy. */
  url(direct: string): string {
    const url = new URL(direct);
    url.hostname = '127.0.0.1';
    url.port = String(this.#port);
    return url.toString();
  }

  /** Sends new connections to this port, as after a failover; open ones are unaffected. */
  redirectTo(port: number): void {
    this.target = { host: '127.0.0.1', port };
  }

  /** Replaces the current fault. Open connections stay open, except that `down` closes them. */
  async inject(fault: Fault): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    // Data of these connections was discarded, so they cannot continue.
    for (const connection of this.#connections) if (connection.swallowed) this.#drop(connection);
    if (fault.kind === 'down') {
      await this.#close();
      this.cut();
    } else if (before.kind === 'down') {
      await this.#listen();
    }
  }

  /** Removes the fault. */
  heal(): Promise<void> {
    return this.inject({ kind: 'none' });
  }

  /**
   * Holds back the data of all open connections, as a buffering network does: it arrives when they are released, even if the
   * clients have given up long before; nothing is answered. New connections are not affected.
   * @param passes selects chunks for the server that are not held back, for example heartbeats
   */
  holdBack(passes: (piece: Buffer) => boolean = () => false): void {
    for (const connection of this.#connections) connection.heldBack = { pieces: [], passes };
  }

  /** Delivers the held-back data. What is sent from then on is held back as before. */
  deliver(): void {
    for (const { heldBack, server } of this.#connections)
      for (const piece of heldBack?.pieces.splice(0) ?? []) server.write(piece);
  }

  /** Delivers the held-back data, and closes those connections. Resolves with the number of bytes. */
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

  /** Closes all open connections. */
  cut(): void {
    for (const connection of this.#connections) this.#drop(connection);
  }

  /** Resets all open connections (RST). */
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
    this.#listener = listener;
  }

  async #close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    // close() completes only after all connections have ended; the listening socket is closed after one turn of the event loop.
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

  /** Runs the step now, or after the latency, in order. */
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
