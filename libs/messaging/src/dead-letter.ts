import { type AttemptSummary, type DeadLetterCause } from '@pdaltagent/delivery';
import { type ConsumeMessage, type Options } from 'amqplib';
import { truncateResponse } from './dead-letters/truncate-response';
import { type IncomingMessage, textsOf, toProperties, type Unreadable } from './message';

/** Why a message became a dead letter; a fixed set, used as a metric label. */
export const DEAD_REASONS = ['rejected', 'expired', 'poison', 'newer', 'foreign'] as const;
export type DeadReason = (typeof DEAD_REASONS)[number];

/**
 * The properties of a dead letter: those of the message, plus headers that describe what happened to it.
 * `deadAt`: milliseconds since 1970.
 */
export function deadLetterProperties(
  message: IncomingMessage,
  cause: DeadLetterCause,
  history: AttemptSummary,
  deadAt: number,
): Options.Publish {
  const properties = toProperties(message);
  const headers: Readonly<Record<string, unknown>> = properties.headers as Record<string, unknown>;
  return {
    ...properties,
    headers: {
      ...headers,
      dead_reason: cause.reason,
      dead_at: deadAt,
      dead_attempts: history.attempts,
      ...(cause.status === undefined ? {} : { dead_status: cause.status }),
      ...(cause.response === '' ? {} : { dead_answer: truncateResponse(cause.response) }),
      ...(history.firstAttemptAt === undefined ? {} : { dead_first_attempt_at: history.firstAttemptAt }),
      ...(history.lastAttemptAt === undefined ? {} : { dead_last_attempt_at: history.lastAttemptAt }),
    },
  };
}

/** Why a message that this version cannot deliver becomes a dead letter. */
export function deadReasonOf({ kind }: Unreadable): DeadReason {
  return kind === 'unrecognized' ? 'foreign' : kind;
}

/** AMQP limits these strings to 255 bytes; one decoded from invalid UTF-8 may be longer. Source: AMQP 0-9-1, 4.2.5.3. */
const LONGEST_TEXT_BYTES = 255;

/** RabbitMQ publishes a message to all queues that these headers name: its publisher chose them, not we. */
const ROUTING_HEADERS: ReadonlySet<string> = new Set(['CC', 'BCC']);

/** The headers without those that route the message. */
export function withoutRouting(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ROUTING_HEADERS.has(name)));
}

/**
 * The properties of a dead letter that this version cannot deliver: everything as it came, and what is wrong with it.
 * Dropped are the expiration, which would expire the dead letter too, `user_id`, which only the original sender
 * may set, and what would route it to further queues.
 */
export function unreadableDeadLetterProperties(
  { properties }: Pick<ConsumeMessage, 'properties'>,
  unreadable: Unreadable,
  deadAt: number,
): Options.Publish {
  const headers: Readonly<Record<string, unknown>> = properties.headers ?? {};
  const timestamp: unknown = properties.timestamp;
  const priority: unknown = properties.priority;
  const texts = Object.entries(textsOf(properties));
  const fits = ([, text]: readonly [string, string]): boolean => Buffer.byteLength(text) <= LONGEST_TEXT_BYTES;
  return {
    ...Object.fromEntries(texts.filter(fits)),
    ...(typeof timestamp === 'number' ? { timestamp } : {}),
    ...(typeof priority === 'number' ? { priority } : {}),
    persistent: true,
    mandatory: true,
    headers: {
      ...withoutRouting(headers),
      ...Object.fromEntries(texts.filter((text) => !fits(text)).map(([name, text]) => [`dead_${name}`, text])),
      dead_reason: deadReasonOf(unreadable),
      dead_at: deadAt,
      dead_answer: unreadable.problem,
      dead_attempts: 0,
    },
  };
}
