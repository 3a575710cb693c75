import { type MessageProperties, type Options } from 'amqplib';
import { withoutRouting } from '../dead-letter';
import { ORIGINAL_RECEIVED_AT, textsOf } from '../message';

/**
 * The properties with which a dead letter returns to its lane: the message as it was, with its age restarted and
 * without the dead-letter headers and what would route it to further queues. The header `again` lets the worker drop it if it was delivered after all.
 */
export function replayProperties(properties: MessageProperties, now: number): Options.Publish {
  const headers: Readonly<Record<string, unknown>> = properties.headers ?? {};
  const kept = Object.entries(withoutRouting(headers)).filter(
    ([name]) => !name.startsWith('dead_') && !name.startsWith('x-'),
  );
  return {
    ...textsOf(properties),
    persistent: true,
    mandatory: true,
    timestamp: Math.floor(now / 1000),
    headers: {
      ...Object.fromEntries(kept),
      received_at: now,
      [ORIGINAL_RECEIVED_AT]: headers[ORIGINAL_RECEIVED_AT] ?? headers.received_at,
      again: true,
    },
  };
}
