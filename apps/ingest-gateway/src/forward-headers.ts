import { type IncomingHttpHeaders } from 'node:http';
import { FRAMING_HEADERS } from '@pdaltagent/delivery';
import { ConfigurationError } from '@pdaltagent/service';

/**
 * The headers of a vendor that are forwarded besides its Content-Type: those that tell PagerDuty's integrations and transformers,
 * which see "all headers" (PagerDuty, Custom Event Transformers), what a body is, and signatures, which are valid only for
 * their body. No header that is itself a credential, for example X-Gitlab-Token or an API key.
 */
const FORWARDED: readonly string[] = [
  // Transformers distinguish vendors by it, for example "Amazon Simple Notification Service Agent".
  'user-agent',
  // Amazon SNS, "HTTP/HTTPS headers". PagerDuty confirms subscriptions (support.pagerduty.com, Amazon CloudWatch).
  'x-amz-sns-message-type',
  'x-amz-sns-message-id',
  'x-amz-sns-topic-arn',
  'x-amz-sns-subscription-arn',
  'x-amz-sns-rawdelivery',
  // GitHub, "Webhook events and payloads: delivery headers". PagerDuty's GitHub Changes integration.
  'x-github-event',
  'x-github-delivery',
  'x-github-hook-id',
  'x-github-hook-installation-target-id',
  'x-github-hook-installation-target-type',
  'x-hub-signature',
  'x-hub-signature-256',
  // GitLab, "Webhooks: delivery headers". PagerDuty's GitLab Changes integration.
  'x-gitlab-event',
  'x-gitlab-instance',
  'x-gitlab-webhook-uuid',
  'x-gitlab-event-uuid',
  'idempotency-key',
  // Bitbucket Cloud, "Event payloads: HTTP headers". PagerDuty's Bitbucket integration.
  'x-event-key',
  'x-event-time',
  'x-hook-uuid',
  'x-request-uuid',
  'x-attempt-number',
  // Jira, "Webhooks: headers".
  'x-atlassian-webhook-identifier',
  'x-atlassian-webhook-retry',
  // Azure Event Grid, "Message headers"; CloudEvents 1.0, HTTP protocol binding, binary mode.
  'aeg-event-type',
  'aeg-subscription-name',
  'aeg-delivery-count',
  'aeg-data-version',
  'aeg-metadata-version',
  'aeg-output-event-id',
  'ce-id',
  'ce-source',
  'ce-specversion',
  'ce-type',
  'ce-subject',
  'ce-time',
  'ce-dataschema',
  // Sentry, "Integration platform: webhooks". PagerDuty's Sentry integration.
  'sentry-hook-resource',
  'sentry-hook-signature',
  'sentry-hook-timestamp',
  // Zendesk, "Verifying webhooks".
  'x-zendesk-webhook-id',
  'x-zendesk-webhook-invocation-id',
  'x-zendesk-webhook-signature',
  'x-zendesk-webhook-signature-timestamp',
  // CircleCI, "Webhooks"; Buildkite, "Webhooks".
  'circleci-event-type',
  'circleci-signature',
  'x-buildkite-event',
  'x-buildkite-signature',
  // Standard Webhooks 1.0; PagerDuty, "Webhooks V3: signatures".
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'x-webhook-id',
  'x-webhook-subscription',
  'x-pagerduty-signature',
];

// Headers of one request, and headers that a worker sets in its own requests.
const FRAMING: ReadonlySet<string> = new Set([
  ...FRAMING_HEADERS,
  'accept-encoding',
  'content-encoding',
  'traceparent',
  'tracestate',
]);
// Credentials for this gateway, or for other services with the same host name.
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'x-pdaltagent-token', 'x-routing-key']);

const VARIABLE = 'PDAGENTD_FORWARD_HEADERS';
/** At most the length of a name in an AMQP table, and without `!`, which has a special meaning in amqplib. */
const NAME = /^[a-z0-9][a-z0-9_.-]{0,199}$/;

/** Selects the headers of a vendor's request that are forwarded with its body. */
export class ForwardHeaders {
  readonly #names: readonly string[];

  /** @param added names of further headers to forward, in lower case */
  constructor(added: readonly string[] = []) {
    this.#names = [...new Set([...FORWARDED, ...added])];
  }

  /** @param text names, separated by commas or spaces. @throws ConfigurationError naming each header that cannot be forwarded */
  static parse(text: string): ForwardHeaders {
    const names = text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((name) => name !== '');
    const problems = names.flatMap((name) => {
      const problem = problemOf(name);
      return problem === undefined
        ? []
        : [
            `${VARIABLE}: "${name}" ${problem}: must be names of headers, separated by commas, for example x-vendor-event`,
          ];
    });
    if (problems.length > 0) throw new ConfigurationError(problems);
    return new ForwardHeaders(names);
  }

  /** Undefined if there are none. */
  of(headers: IncomingHttpHeaders): Record<string, string> | undefined {
    // Headers that Connection lists are hop-by-hop.
    const ends = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
    let forward: Record<string, string> | undefined;
    for (const name of this.#names) {
      const value = headers[name];
      if (value === undefined || ends.includes(name)) continue;
      forward ??= {};
      forward[name] = Array.isArray(value) ? value.join(', ') : value;
    }
    return forward;
  }
}

function problemOf(name: string): string | undefined {
  if (!NAME.test(name)) return 'is not a header name';
  if (FRAMING.has(name) || name.startsWith('proxy-')) return 'controls framing or routing and is never forwarded';
  return CREDENTIALS.has(name) ? 'is a credential and is never forwarded' : undefined;
}
