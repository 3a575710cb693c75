import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** The key of a Standard Webhooks secret, `whsec_` and 24 to 64 bytes in base64; undefined if it is not one. */
export function standardKeyOf(secret: string): Buffer | undefined {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : undefined;
  if (encoded === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const key = Buffer.from(encoded, 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}

export interface StandardWebhookContent {
  /** The same for every attempt of one delivery. */
  readonly webhookId: string;
  readonly body: Uint8Array;
  readonly keys: readonly Uint8Array[];
  /** When this attempt is made; milliseconds since 1970. */
  readonly now: number;
}

/**
 * The headers of the Standard Webhooks specification: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body` for
 * each key, separated by spaces; the timestamp in seconds. Empty without a key.
 */
export function standardHeaders({ webhookId, body, keys, now }: StandardWebhookContent): Record<string, string> {
  if (keys.length === 0) return {};
  const timestamp = String(Math.floor(now / 1000));
  const signatures = keys.map((key) => {
    const signed = createHmac('sha256', key).update(`${webhookId}.${timestamp}.`).update(body);
    return `v1,${signed.digest('base64')}`;
  });
  return { 'webhook-id': webhookId, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
