import { createHmac } from 'node:crypto';
import { type WebhookFormat } from './destination';

/**
 * `X-PagerDuty-Signature`: `v1=` and the lower-case hex HMAC-SHA256 of the exact body, one per secret, joined by commas.
 * Two secrets serve a rotation: a receiver accepts any. PagerDuty developer docs, "Verifying signatures".
 */
export function signatureOf(body: Uint8Array, secrets: readonly string[]): string {
  return secrets.map((secret) => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`).join(',');
}

/** Headers that depend on the format only; they are created with the body. */
export function formatHeaders(format: WebhookFormat, subscriptionId: string): Record<string, string> {
  if (format === 'v2') return { 'User-Agent': 'PagerDuty-Webhook/V2.0' };
  return { 'User-Agent': 'PagerDuty-Webhook/V3.0', 'X-Webhook-Subscription': subscriptionId };
}

export interface WebhookContent {
  /** The same for every attempt of one delivery: receivers recognize repeats by it. */
  readonly webhookId: string;
  readonly body: Uint8Array;
  /** None: unsigned. */
  readonly secrets: readonly string[];
}

/** Headers that are created for each attempt; signed if there is a secret. */
export function webhookHeaders({ webhookId, body, secrets }: WebhookContent): Record<string, string> {
  return {
    Accept: 'application/json',
    'Content-Type': 'application/json',
    'X-Webhook-Id': webhookId,
    ...(secrets.length > 0 ? { 'X-PagerDuty-Signature': signatureOf(body, secrets) } : {}),
  };
}
