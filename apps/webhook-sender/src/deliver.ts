import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { classifyWebhook, type Outcome } from '@pdaltagent/delivery';
import { type WebhookClient } from '@pdaltagent/http';
import { type IncomingMessage } from '@pdaltagent/messaging';
import { type SendingDestinations } from '@pdaltagent/service';
import { requestOf } from '@pdaltagent/webhooks';

/** How long a destination may be unknown before its webhooks become dead letters: the poller may know it earlier. */
const UNKNOWN_GRACE_MS = 5 * 60_000;

export interface DeliveryOptions {
  readonly client: Pick<WebhookClient, 'post'>;
  readonly destinations: Pick<SendingDestinations, 'named'>;
  readonly clock?: Clock;
}

/** One attempt to post a webhook to the destination that its message names: the exact bytes, signed now. */
export function createDelivery({ client, destinations, clock = SYSTEM_CLOCK }: DeliveryOptions) {
  /** When each unknown name was first encountered, on the monotonic clock. */
  const unknownSince = new Map<string, number>();
  return async (message: IncomingMessage, signal: AbortSignal): Promise<Outcome> => {
    const { id, routingKey: name, body, forward: headers } = message;
    const destination = destinations.named(name);
    if (destination === undefined) {
      const now = clock.monotonic();
      const since = unknownSince.get(name) ?? now;
      unknownSince.set(name, since);
      return now - since < UNKNOWN_GRACE_MS ? notYetKnown(name) : unknown(name);
    }
    unknownSince.delete(name);
    const attempt = await client.post(requestOf({ id, body, headers }, destination, clock.wall()), destination, signal);
    return classifyWebhook(attempt, clock.wall());
  };
}

function notYetKnown(name: string): Outcome {
  return {
    kind: 'failed',
    reason: 'unreachable',
    scope: 'key',
    status: undefined,
    detail: explain(name),
    retryAfterMs: undefined,
  };
}

/** A dead letter with the reason in place of a response: once the destination is configured again, it can be replayed. */
function unknown(name: string): Outcome {
  return { kind: 'rejected', status: 0, response: explain(name) };
}

function explain(name: string): string {
  return `destination unknown: neither PDAGENTD_WEBHOOKS_FILE nor PDAGENTD_WEBHOOK_DEST_URL defines ${name}`;
}
