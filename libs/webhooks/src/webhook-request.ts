import { type Destination, type SendingDestination } from './destination';
import { webhookHeaders } from './signature';
import { standardHeaders } from './standard-webhooks';

/** Default secrets, for destinations without their own. */
export interface Signing {
  readonly secrets: readonly string[];
  readonly standardKeys: readonly Uint8Array[];
}

/** A destination for which only the URL is configured. */
export function withSigning(destination: Destination, { secrets, standardKeys }: Signing): SendingDestination {
  return {
    ...destination,
    secrets,
    standardKeys,
    headers: {},
    timeoutMs: undefined,
    tls: {},
    allowsMetadataAddresses: false,
  };
}

/** A webhook as queued. */
export interface QueuedWebhook {
  readonly id: string;
  readonly body: Buffer;
  /** Headers that were created with the body. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Carries the id of the first delivery if a webhook is sent again under a new message id. */
export const WEBHOOK_ID_HEADER = 'X-Webhook-Id';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The exact bytes. */
  readonly body: Buffer;
}

/** What one attempt posts: the exact bytes, signed now. `now`: milliseconds since 1970. */
export function requestOf(webhook: QueuedWebhook, destination: SendingDestination, now: number): WebhookRequest {
  const { body, headers } = webhook;
  const { url, authorization, secrets, standardKeys } = destination;
  const webhookId = headers[WEBHOOK_ID_HEADER] ?? webhook.id;
  return {
    url,
    headers: {
      ...headers,
      ...destination.headers,
      ...(authorization === null ? {} : { Authorization: authorization }),
      ...webhookHeaders({ webhookId, body, secrets }),
      ...standardHeaders({ webhookId, body, keys: standardKeys, now }),
    },
    body,
  };
}
