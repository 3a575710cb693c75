import { connect, type Socket } from 'node:net';
import { type FuzzedRequest } from './fuzzed-request';

export interface FuzzedResponse {
  /** 0 if the connection closed without a response. */
  readonly status: number;
  readonly body: string;
}

/** A keep-alive connection that is reopened whenever the server closes it. */
export class FuzzedConnection {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = '';
  #settle: (response: FuzzedResponse) => void = () => undefined;

  constructor(port: number) {
    this.#port = port;
  }

  send({ method, path, headers, body }: FuzzedRequest): Promise<FuzzedResponse> {
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}`],
    );
    const head = [`${method} ${path} HTTP/1.1`, 'host: gateway', `content-length: ${body.length}`, ...lines];
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#received = '';
      const socket = this.#socket ?? this.#connect();
      socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]));
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#settle({ status: 0, body: '' });
    });
    return socket;
  }

  #receive(chunk: Buffer): void {
    this.#received += chunk.toString('latin1');
    const bodyAt = this.#received.indexOf('\r\n\r\n') + 4;
    if (bodyAt < 4) return;
    const head = this.#received.slice(0, bodyAt);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    if (this.#received.length < bodyAt + length) return;
    if (/connection: close/i.test(head)) {
      this.#socket?.destroy();
      this.#socket = undefined;
    }
    this.#settle({ status: Number(head.slice(9, 12)), body: this.#received.slice(bodyAt) });
  }
}
