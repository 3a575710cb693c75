import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Destination, type JsonObject, type LogEntry, webhookOf } from '@pdaltagent/webhooks';
import { type OutgoingMessage } from './message';

export interface WebhookMessageOptions {
  /** Put into v2 messages as `webhook.config`. */
  readonly config: JsonObject;
  /** Takes personal data out of a body; the same for the same body. Absent: it stays. */
  readonly scrub?: ((body: Buffer) => Buffer) | undefined;
  readonly clock?: Clock | undefined;
}

/** The message that carries the webhook of a log entry to one destination; its id is the webhook's. */
export function webhookMessage(
  entry: LogEntry,
  destination: Destination,
  { config, scrub, clock = SYSTEM_CLOCK }: WebhookMessageOptions,
): OutgoingMessage & { readonly forward: Readonly<Record<string, string>> } {
  const webhook = webhookOf(entry, { format: destination.format, destination, config });
  return {
    id: webhook.id,
    type: 'webhook',
    routingKey: webhook.destination,
    orderKey: webhook.orderKey,
    body: scrub?.(webhook.body) ?? webhook.body,
    contentType: 'application/json',
    forward: webhook.headers,
    receivedAt: clock.wall(),
  };
}
