import { type Destination, type WebhookFormat } from './destination';
import { deliveryIdOf, resourceIdOf } from './identity';
import { type JsonObject } from './json';
import { type LogEntry } from './log-entry';
import { formatHeaders } from './signature';
import { v2Body } from './v2';
import { v3Body } from './v3';

/** One log entry for one destination, ready to be queued. */
export interface Webhook {
  /** Stable over retries and re-reads: X-Webhook-Id. */
  readonly id: string;
  readonly destination: string;
  /** What must stay in order: the incident (an entry without one stands alone), at this destination. */
  readonly orderKey: string;
  /** The exact bytes to post. */
  readonly body: Buffer;
  /** Headers that go with them. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface WebhookOptions {
  readonly format: WebhookFormat;
  readonly destination: Destination;
  /** Put into v2 messages as `webhook.config`. */
  readonly config: JsonObject;
}

export function webhookOf(entry: LogEntry, { format, destination, config }: WebhookOptions): Webhook {
  const body = format === 'v2' ? v2Body(entry, destination, config) : v3Body(entry);
  return {
    id: deliveryIdOf(entry.id, destination.name),
    destination: destination.name,
    orderKey: `${destination.name}:${entry.incidentId ?? entry.id}`,
    body: Buffer.from(JSON.stringify(body)),
    headers: formatHeaders(format, resourceIdOf(destination.name)),
  };
}
