import { type OutgoingMessage, type Publisher } from '@pdaltagent/messaging';
import { progress } from './servers';

export const KEYS = 64;

export const routingKeyOf = (index: number): string => `key${index % KEYS}`.padEnd(32, 'x');

/** A trigger of about this size; the destination derives the latency from `sentAt` (ms since 1970). */
export function eventBody(routingKey: string, dedupKey: string, bytes: number): Buffer {
  const event = {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: dedupKey,
    payload: {
      summary: 'Disk is full',
      source: 'db1',
      severity: 'critical',
      custom_details: { sentAt: performance.timeOrigin + performance.now(), pad: '' },
    },
  };
  event.payload.custom_details.pad = 'x'.repeat(Math.max(0, bytes - JSON.stringify(event).length));
  return Buffer.from(JSON.stringify(event));
}

export function messageOf(id: string, routingKey: string, bytes: number): OutgoingMessage {
  return {
    id,
    type: 'v2',
    action: 'trigger',
    routingKey,
    orderKey: `${routingKey}:${id}`,
    body: eventBody(routingKey, id, bytes),
    contentType: 'application/json',
    receivedAt: Date.now(),
  };
}

/** Publishes events in batches, each of which is confirmed before the next. */
export async function fill(
  publisher: Publisher,
  events: number,
  message: (index: number) => OutgoingMessage,
  batch = 500,
): Promise<void> {
  for (let start = 0; start < events; start += batch) {
    const size = Math.min(batch, events - start);
    await Promise.all(Array.from({ length: size }, (_, offset) => publisher.publish(message(start + offset))));
    progress(`${start + size} of ${events} queued`);
  }
}
