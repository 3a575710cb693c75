import { type DeadLetter } from '@pdaltagent/messaging';
import { maskKey } from '@pdaltagent/service';
import { isUtf8 } from 'node:buffer';
import { instantOf } from '../duration';
import { descriptionOf } from './description';

/** A dead letter as `--json` shows it. */
export function recordOf(laneGroup: string, letter: DeadLetter, now: number) {
  const { id, reason, status, attempts, message, acceptedAt } = letter;
  const { action, alert, key } = descriptionOf(letter);
  return {
    id,
    family: laneGroup,
    reason,
    status: status ?? null,
    attempts,
    first_attempt_at: timeOf(letter.firstAttemptAt),
    last_attempt_at: timeOf(letter.lastAttemptAt),
    dead_at: timeOf(letter.deadAt),
    accepted_at: timeOf(acceptedAt),
    age_seconds: acceptedAt === undefined ? null : Math.max(0, Math.floor((now - acceptedAt) / 1000)),
    type: message?.type ?? null,
    key,
    action,
    alert,
    answer: withoutKey(letter, letter.response),
  };
}

/** The body as text if it is UTF-8, otherwise in base64; the routing key is masked. */
export function bodyOf(letter: Pick<DeadLetter, 'message' | 'body'>): {
  readonly body: string;
  readonly encoding: 'utf-8' | 'base64';
} {
  const { body } = letter;
  return isUtf8(body)
    ? { body: withoutKey(letter, body.toString('utf8')), encoding: 'utf-8' }
    : { body: body.toString('base64'), encoding: 'base64' };
}

/** A webhook's "key" is the name of its destination, which is not secret. */
function withoutKey({ message }: Pick<DeadLetter, 'message'>, text: string): string {
  if (message === undefined || message.type === 'webhook' || message.routingKey === '') return text;
  return text.replaceAll(message.routingKey, maskKey(message.routingKey));
}

export function timeOf(time: number | undefined): string | null {
  return time === undefined ? null : instantOf(time);
}
