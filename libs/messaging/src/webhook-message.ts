import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Destination, type JsonObject, type LogEntry, webhookOf } from '@pdaltagent/webhooks';
import { type OutgoingMessage } from './message';

export interface WebhookMessageOptions {
  /** `webhook.config` of v2 messages. */
  readonly config: JsonObject;
  /** Removes personal data from a body, deterministically; absent: it stays. */
  readonly scrub?: ((body: Buffer) => Buffer) | undefined;
  readonly clock?: Clock | undefined;
}

/** The message for the webhook of a log entry to one destination; its id is the webhook's. */
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
