import { classifyWebhook, type Outcome } from '@pdaltagent/delivery';
import { type Poster } from '@pdaltagent/http';
import { type IncomingMessage } from '@pdaltagent/messaging';
import { type Destination, sendingHeaders } from '@pdaltagent/webhooks';

export interface DeliveryOptions {
  readonly poster: Pick<Poster, 'post'>;
  readonly destinations: readonly Destination[];
  /** Sign the body; none: unsigned. They never leave this process. */
  readonly secrets: readonly string[];
}

/** One attempt to hand a webhook to the destination that its message names: the exact bytes, signed now. */
export function createDelivery({ poster, destinations, secrets }: DeliveryOptions) {
  const byName = new Map(destinations.map((destination) => [destination.name, destination]));
  return async (message: IncomingMessage, signal: AbortSignal): Promise<Outcome> => {
    const { id, routingKey, body, forward } = message;
    const destination = byName.get(routingKey);
    if (destination === undefined) return UNKNOWN_DESTINATION;
    const authorization = destination.authorization === null ? {} : { Authorization: destination.authorization };
    const headers = { ...forward, ...authorization, ...sendingHeaders({ webhookId: id, body, secrets }) };
    const attempt = await poster.post({ url: destination.url, headers, body, signal });
    return classifyWebhook(attempt, Date.now());
  };
}

/** The poller may know a destination before this process does, so it waits, until it is too old. */
const UNKNOWN_DESTINATION: Outcome = {
  kind: 'failed',
  reason: 'way',
  scope: 'key',
  status: undefined,
  detail: 'PDAGENTD_WEBHOOK_DEST_URL of the webhook-sender has no such destination',
  retryAfterMs: undefined,
};
