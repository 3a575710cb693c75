import { SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Attempt, classifyWebhook } from '@pdaltagent/delivery';
import { WebhookClient } from '@pdaltagent/http';
import { authoritiesOf } from '@pdaltagent/service';
import { pingOf, requestOf } from '@pdaltagent/webhooks';
import { singleLine } from '../table';
import { type Terminal } from '../terminal';
import { senderDestination } from './configuration';

export interface PingOptions {
  readonly json?: true;
}

const SHOWN_RESPONSE = 200;

/** Sends one test event as the webhook-sender would. @returns 0 if the destination accepted it, otherwise 1 */
export async function ping(terminal: Terminal, name: string, { json }: PingOptions): Promise<number> {
  const { configuration, destination } = senderDestination(terminal, name);
  const client = new WebhookClient({
    maxSockets: 1,
    timeoutMs: configuration.timeoutSeconds * 1000,
    certificateAuthorities: authoritiesOf(configuration)[0],
  });
  const now = SYSTEM_CLOCK.wall();
  const request = requestOf(pingOf(destination, now), destination, now);
  const startedAt = SYSTEM_CLOCK.monotonic();
  const attempt = await client.post(request, destination);
  const milliseconds = Math.round(SYSTEM_CLOCK.monotonic() - startedAt);
  client.close();
  const isAccepted = classifyWebhook(attempt, SYSTEM_CLOCK.wall()).kind === 'delivered';
  const meaning = meaningOf(attempt);
  if (json) {
    const result =
      attempt.kind === 'response'
        ? { status: attempt.status, answer: cut(attempt.body) }
        : { fault: attempt.fault, detail: attempt.detail };
    terminal.out(
      `${JSON.stringify({ destination: name, ok: isAccepted, milliseconds, ...result, meaning }, null, 2)}\n`,
    );
    return isAccepted ? 0 : 1;
  }
  const what =
    attempt.kind === 'response'
      ? `status ${attempt.status}`
      : `no response (${attempt.fault}: ${singleLine(attempt.detail)})`;
  terminal.out(`${name}: ${what} after ${milliseconds} ms: ${meaning}\n`);
  if (attempt.kind === 'response' && attempt.body !== '') terminal.out(`response: ${cut(attempt.body)}\n`);
  return isAccepted ? 0 : 1;
}

/** What the sender would do with a webhook after this result. */
function meaningOf(attempt: Attempt): string {
  switch (classifyWebhook(attempt, SYSTEM_CLOCK.wall()).kind) {
    case 'delivered':
      return 'accepted';
    case 'throttled':
    case 'failed':
    case 'error':
      return 'a webhook would be retried until its maximum age';
    case 'rejected':
      return 'a webhook would become a dead letter';
    case 'gone':
      return 'a webhook would pause this destination';
  }
}

function cut(text: string): string {
  const line = singleLine(text);
  return line.length > SHOWN_RESPONSE ? `${line.slice(0, SHOWN_RESPONSE)}…` : line;
}
