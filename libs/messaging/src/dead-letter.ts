import { type Burial, type History } from '@pdaltagent/delivery';
import { type ConsumeMessage, type Options } from 'amqplib';
import { cutAnswer } from './dead-letters/answer';
import { type IncomingMessage, toProperties } from './message';

/** Why a message became a dead letter; bounded, for metrics. */
export const DEAD_REASONS = ['rejected', 'expired', 'poison', 'foreign'] as const;
export type DeadReason = (typeof DEAD_REASONS)[number];

/**
 * The properties of a dead letter: those of the message, and what happened to it in headers of our own.
 * `deadAt`: milliseconds since 1970.
 */
export function deadLetterProperties(
  message: IncomingMessage,
  burial: Burial,
  history: History,
  deadAt: number,
): Options.Publish {
  const properties = toProperties(message);
  const headers: Readonly<Record<string, unknown>> = properties.headers as Record<string, unknown>;
  return {
    ...properties,
    headers: {
      ...headers,
      dead_reason: burial.reason,
      dead_at: deadAt,
      dead_attempts: history.attempts,
      ...(burial.status === undefined ? {} : { dead_status: burial.status }),
      ...(burial.answer === '' ? {} : { dead_answer: cutAnswer(burial.answer) }),
      ...(history.firstAttemptAt === undefined ? {} : { dead_first_attempt_at: history.firstAttemptAt }),
      ...(history.lastAttemptAt === undefined ? {} : { dead_last_attempt_at: history.lastAttemptAt }),
    },
  };
}

/** A message that none of ours published is kept as it is, with what is wrong with it. */
export function foreignLetterProperties(
  { properties }: ConsumeMessage,
  problem: string,
  deadAt: number,
): Options.Publish {
  const headers: Readonly<Record<string, unknown>> = properties.headers ?? {};
  const contentType: unknown = properties.contentType;
  const messageId: unknown = properties.messageId;
  return {
    persistent: true,
    mandatory: true,
    ...(typeof contentType === 'string' ? { contentType } : {}),
    ...(typeof messageId === 'string' ? { messageId } : {}),
    headers: { ...headers, dead_reason: 'foreign', dead_at: deadAt, dead_answer: problem, dead_attempts: 0 },
  };
}
