import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { z } from 'zod';

const v2 = z.object({ messages: z.tuple([z.object({ log_entries: z.tuple([z.object({ id: z.string() })]) })]) });

/** A receiver of v2 webhooks that records when each first arrived. */
export class Receiver {
  /** Log entry id to milliseconds since 1970. */
  readonly arrivedAt = new Map<string, number>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const at = Date.now();
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(202).end();
        const { id } = v2.parse(JSON.parse(Buffer.concat(chunks).toString())).messages[0].log_entries[0];
        if (!this.arrivedAt.has(id)) this.arrivedAt.set(id, at);
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not started');
    return `http://127.0.0.1:${address.port}/hook`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
