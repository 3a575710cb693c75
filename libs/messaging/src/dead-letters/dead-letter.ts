import { type ConsumeMessage } from 'amqplib';
import { createHash } from 'node:crypto';
import { type AddressedMessage, fromDelivery } from '../message';

/** A dead letter as it lies in its queue: the message, and what happened to it. Times are milliseconds since 1970. */
export interface DeadLetter {
  /** The message's id; one without gets a name of its content, the same at every look. */
  readonly id: string;
  /** `rejected`, `expired`, `poison`, `newer`, `foreign`; of a message that the broker itself set aside its own word for it. */
  readonly reason: string;
  readonly status: number | undefined;
  /** What the destination answered, at most 2 KB; of a message that could not be read what is wrong with it. */
  readonly answer: string;
  readonly attempts: number;
  readonly firstAttemptAt: number | undefined;
  readonly lastAttemptAt: number | undefined;
  readonly deadAt: number | undefined;
  /** When the sender's event was accepted, also after replays; what the age is counted from. */
  readonly acceptedAt: number | undefined;
  readonly body: Buffer;
  /** What would be delivered, by this version or a newer one; undefined: no replay can deliver it. */
  readonly message: AddressedMessage | undefined;
}

/** Reads a dead letter; none is so strange that it could not be shown. */
export function deadLetterOf(delivery: Pick<ConsumeMessage, 'properties' | 'content'>): DeadLetter {
  const headers: Readonly<Record<string, unknown>> = delivery.properties.headers ?? {};
  const parsed = fromDelivery(delivery);
  const message = parsed.kind === 'foreign' ? undefined : parsed.message;
  const id: unknown = delivery.properties.messageId;
  return {
    id: typeof id === 'string' && id !== '' ? id : nameOf(delivery.content),
    reason: textOf(headers.dead_reason) ?? textOf(headers['x-first-death-reason']) ?? 'unknown',
    status: numberOf(headers.dead_status),
    answer: textOf(headers.dead_answer) ?? '',
    attempts: numberOf(headers.dead_attempts) ?? 0,
    firstAttemptAt: numberOf(headers.dead_first_attempt_at),
    lastAttemptAt: numberOf(headers.dead_last_attempt_at),
    deadAt: numberOf(headers.dead_at),
    acceptedAt: message?.originalReceivedAt ?? message?.receivedAt,
    body: delivery.content,
    message,
  };
}

function nameOf(content: Buffer): string {
  return `unnamed-${createHash('sha256').update(content).digest('hex').slice(0, 12)}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
