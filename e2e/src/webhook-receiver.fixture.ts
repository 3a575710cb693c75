import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { z } from 'zod';
import { type WebhookArrival } from './webhook-ledger.fixture';

const v2 = z.object({ messages: z.tuple([z.object({ log_entries: z.tuple([z.object({ id: z.string() })]) })]) });

/** An internal system that receives v2 webhooks and records them in order of arrival. */
export class WebhookReceiver {
  readonly arrivals: WebhookArrival[] = [];
  /** Entries received at least once. */
  readonly entries = new Set<string>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const [message] = v2.parse(JSON.parse(Buffer.concat(chunks).toString())).messages;
        const entryId = message.log_entries[0].id;
        this.arrivals.push({ at: Date.now(), webhookId: String(request.headers['x-webhook-id']), entryId });
        this.entries.add(entryId);
        response.writeHead(202).end();
      });
    });
  }

  static async start(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not started');
    return `http://127.0.0.1:${address.port}/hook`;
  }

  forget(): void {
    this.arrivals.length = 0;
    this.entries.clear();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
