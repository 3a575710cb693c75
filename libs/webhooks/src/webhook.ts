import { type Destination, type WebhookFormat } from './destination';
import { deliveryIdOf, resourceIdOf } from './identity';
import { type JsonObject } from './json';
import { type LogEntry } from './log-entry';
import { formatHeaders } from './signature';
import { MAX_FULL_BODY_BYTES, withoutLargeParts } from './size';
import { v2Body } from './v2';
import { v3Body } from './v3';

/** One log entry for one destination, ready to be queued. */
export interface Webhook {
  /** X-Webhook-Id: the same for all retries and re-reads. */
  readonly id: string;
  readonly destination: string;
  /** What must stay in order: the incident at this destination, or a single entry without an incident. */
  readonly orderKey: string;
  /** The exact bytes to post. */
  readonly body: Buffer;
  /** Headers to post with the body. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface WebhookOptions {
  readonly format: WebhookFormat;
  readonly destination: Destination;
  /** `webhook.config` of v2 messages. */
  readonly config: JsonObject;
}

/** @throws RangeError for an entry that is nested too deeply to be serialized (a few thousand levels) */
export function webhookOf(entry: LogEntry, options: WebhookOptions): Webhook {
  const { format, destination } = options;
  return {
    id: deliveryIdOf(entry.id, destination.name),
    destination: destination.name,
    orderKey: `${destination.name}:${entry.incidentId ?? entry.id}`,
    body: bodyOf(entry, options),
    headers: formatHeaders(format, resourceIdOf(destination.name)),
  };
}

function bodyOf(entry: LogEntry, { format, destination, config }: WebhookOptions): Buffer {
  // A v3 body has none of the parts that make v2 bodies large.
  if (format === 'v3') return bytesOf(v3Body(entry));
  const body = v2Body(entry, destination, config);
  const whole = bytesOf(body);
  return whole.length <= MAX_FULL_BODY_BYTES ? whole : bytesOf(withoutLargeParts(body));
}

function bytesOf(body: JsonObject): Buffer {
  return Buffer.from(JSON.stringify(body));
}
