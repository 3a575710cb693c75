import { type ConsumeMessage } from 'amqplib';
import { createHash } from 'node:crypto';
import { type AddressedMessage, fromDelivery } from '../message';

/** A dead letter: the message, and what happened to it. Times are milliseconds since 1970. */
export interface DeadLetter {
  /** The message id; without one, a name derived from the content, which is always the same. */
  readonly id: string;
  /**
   * `rejected`, `expired`, `poison`, `newer`, `foreign`; the broker's own reason if it dead-lettered the message
   * itself.
   */
  readonly reason: string;
  readonly status: number | undefined;
  /** The destination's response, at most 2 KB; if the message could not be read, what is wrong with it. */
  readonly response: string;
  readonly attempts: number;
  readonly firstAttemptAt: number | undefined;
  readonly lastAttemptAt: number | undefined;
  /** By the clock of the worker that wrote it; by the broker's, in whole seconds, if it dead-lettered the message itself. */
  readonly deadAt: number | undefined;
  /** When the event was first accepted, which replays do not change. */
  readonly acceptedAt: number | undefined;
  readonly body: Buffer;
  /** What would be delivered, by this version or a newer one; undefined if no replay can deliver it. */
  readonly message: AddressedMessage | undefined;
}

/** Parses a dead letter; never fails, so that everything in the queue can be shown. */
export function deadLetterOf(delivery: Pick<ConsumeMessage, 'properties' | 'content'>): DeadLetter {
  const headers: Readonly<Record<string, unknown>> = delivery.properties.headers ?? {};
  const parsed = fromDelivery(delivery);
  const message = parsed.kind === 'unrecognized' ? undefined : parsed.message;
  const id: unknown = delivery.properties.messageId;
  return {
    id: typeof id === 'string' && id !== '' ? id : nameOf(delivery.content),
    reason: textOf(headers.dead_reason) ?? textOf(headers['x-first-death-reason']) ?? 'unknown',
    status: numberOf(headers.dead_status),
    response: textOf(headers.dead_answer) ?? '',
    attempts: numberOf(headers.dead_attempts) ?? 0,
    firstAttemptAt: numberOf(headers.dead_first_attempt_at),
    lastAttemptAt: numberOf(headers.dead_last_attempt_at),
    deadAt: numberOf(headers.dead_at) ?? brokersTimeIn(headers['x-death']),
    acceptedAt: message?.originalReceivedAt ?? message?.receivedAt,
    body: delivery.content,
    message,
  };
}

function nameOf(content: Buffer): string {
  return `unnamed-${createHash('sha256').update(content).digest('hex').slice(0, 12)}`;
}

/** When the broker dead-lettered the message, from the latest entry of its `x-death`: an AMQP timestamp, in seconds. */
function brokersTimeIn(deaths: unknown): number | undefined {
  const latest: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (!isRecord(latest) || !isRecord(latest.time)) return undefined;
  const seconds = numberOf(latest.time.value);
  return seconds === undefined ? undefined : seconds * 1000;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
