import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** The members of a v2 webhook that the demo uses. */
const webhook = z.object({
  messages: z.tuple([
    z.object({
      event: z.string(),
      log_entries: z.tuple([z.object({ id: z.string() })]),
      incident: z.object({ id: z.string(), incident_number: z.number(), title: z.string() }).nullable(),
    }),
  ]),
});

export interface Webhook {
  receivedAt: number;
  event: string;
  logEntry: string;
  incident: { id: string; number: number; title: string } | undefined;
}

/** A webhook destination that keeps webhooks in order of arrival. */
export class WebhookReceiver {
  readonly webhooks: Webhook[] = [];
  readonly #server: Server;

  private constructor(onWebhook: (webhook: Webhook) => void) {
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        const received = read(body);
        if (received !== undefined) {
          this.webhooks.push(received);
          onWebhook(received);
        }
        // A test event of `pdaltagent webhooks test` is taken as well, and is no webhook of the demo.
        response.writeHead(received === undefined && !isTest(body) ? 400 : 202).end();
      });
    });
  }

  static async start(port: number, onWebhook: (webhook: Webhook) => void): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(onWebhook);
    await new Promise<void>((resolve, reject) => {
      receiver.#server.once('error', reject);
      receiver.#server.listen(port, '127.0.0.1', resolve);
    });
    return receiver;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** PagerDuty's own test event, in its v2 or v3 form. */
function isTest(body: string): boolean {
  return body.includes('"pagey.ping"');
}

function read(body: string): Webhook | undefined {
  const result = webhook.safeParse(parse(body));
  if (!result.success) return undefined;
  const [{ event, log_entries: entries, incident }] = result.data.messages;
  return {
    receivedAt: Date.now(),
    event,
    logEntry: entries[0].id,
    incident:
      incident === null ? undefined : { id: incident.id, number: incident.incident_number, title: incident.title },
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
