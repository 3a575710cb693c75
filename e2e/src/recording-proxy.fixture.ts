import { once } from 'node:events';
import { createServer, request as send, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';

/** Passes requests on to a simulated PagerDuty, and records the bodies that it accepted. */
export class RecordingProxy {
  /** Bodies of requests that were answered with success, in the order of the answers. */
  readonly accepted: Buffer[] = [];
  readonly #server: Server;

  private constructor(target: string) {
    this.#server = createServer((incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks);
        const outgoing = send(target + (incoming.url ?? ''), {
          method: incoming.method,
          headers: { ...incoming.headers, connection: 'close' },
        });
        outgoing.on('response', (answer) => {
          const status = answer.statusCode ?? 0;
          if (status >= 200 && status < 300) this.accepted.push(body);
          response.writeHead(status, answer.headers);
          answer.pipe(response);
        });
        outgoing.on('error', () => response.destroy());
        outgoing.end(body);
      });
    });
  }

  static async start(target: string): Promise<RecordingProxy> {
    const proxy = new RecordingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
