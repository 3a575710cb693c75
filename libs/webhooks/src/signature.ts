import { createHmac } from 'node:crypto';
import { type WebhookFormat } from './destination';

/**
 * `X-PagerDuty-Signature`: `v1=` and the lower-case hex HMAC-SHA256 of the exact body, one per secret, joined by commas.
 * Two secrets serve a rotation: a receiver accepts any. PagerDuty developer docs, "Verifying signatures".
 */
export function signatureOf(body: Uint8Array, secrets: readonly string[]): string {
  return secrets.map((secret) => `v1=${createHmac('sha256', secret).update(body).digest('hex')}`).join(',');
}

export interface WebhookHeaderOptions {
  readonly format: WebhookFormat;
  /** The same for every attempt of one delivery: receivers drop repeats by it. */
  readonly webhookId: string;
  /** The subscription a v3 webhook belongs to. */
  readonly subscriptionId: string;
  readonly body: Uint8Array;
  /** None: unsigned. */
  readonly secrets: readonly string[];
}

/** The headers of PagerDuty's own webhooks; a signature where there is a secret. */
export function webhookHeaders(options: WebhookHeaderOptions): Record<string, string> {
  return {
    Accept: 'application/json',
    'Content-Type': 'application/json',
    'User-Agent': options.format === 'v2' ? 'PagerDuty-Webhook/V2.0' : 'PagerDuty-Webhook/V3.0',
    'X-Webhook-Id': options.webhookId,
    ...(options.format === 'v3' ? { 'X-Webhook-Subscription': options.subscriptionId } : {}),
    ...(options.secrets.length > 0 ? { 'X-PagerDuty-Signature': signatureOf(options.body, options.secrets) } : {}),
  };
}
