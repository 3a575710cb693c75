import {
  DEAD_LETTER_EXCHANGE,
  EVENTS,
  laneKey,
  laneOf,
  laneOfMessage,
  type OutgoingMessage,
  PULSE_QUEUE,
  queuesOf,
  sidingKey,
  STATUS_EXCHANGE,
  toProperties,
  WEBHOOKS,
} from '@pdaltagent/messaging';
import { connectToBroker } from '@pdaltagent/testing';
import { randomUUID } from 'node:crypto';

/** Where an event is when the last release is stopped: in its lane, or in a siding of it. */
export interface QueuedEvent {
  readonly message: OutgoingMessage;
  readonly isParked: boolean;
}

/** Leaves a broker as the last release does: its exchanges, queues and bindings, with these events queued. */
export async function leaveAsLastRelease(url: string, events: readonly QueuedEvent[]): Promise<void> {
  const connection = await connectToBroker(url);
  const channel = await connection.createConfirmChannel();
  for (const exchange of [EVENTS.exchange, WEBHOOKS.exchange, DEAD_LETTER_EXCHANGE])
    await channel.assertExchange(exchange, 'direct', { durable: true });
  await channel.assertExchange(STATUS_EXCHANGE, 'fanout', { durable: true });
  for (const laneGroup of [EVENTS, WEBHOOKS])
    for (const declaration of queuesOf(laneGroup, 'quorum')) {
      const { queue, binding, brokersBinding = binding, formerBinding = brokersBinding } = declaration;
      // It has no tables, and no pulse.
      if (queue.endsWith('.table') || queue === PULSE_QUEUE) continue;
      await channel.assertQueue(queue, { durable: true, arguments: declaration.arguments });
      if (formerBinding !== undefined) await channel.bindQueue(queue, formerBinding.exchange, formerBinding.key);
    }
  for (const { message, isParked } of events) {
    const lane = laneOfMessage(EVENTS, message);
    const key = isParked ? sidingKey(lane, 0) : laneKey(lane);
    channel.publish(EVENTS.exchange, key, message.body, { ...toProperties(message), mandatory: true });
  }
  await channel.waitForConfirms();
  await connection.close();
}

/** Triggers of as many alerts, of 20 routing keys. */
export function queuedEvents(count: number): readonly QueuedEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const routingKey = `queued${index % 20}`.padEnd(32, 'x');
    const event = {
      routing_key: routingKey,
      event_action: 'trigger',
      dedup_key: `queued-${index}`,
      payload: { summary: 'queued', source: 'db1', severity: 'critical', custom_details: { sequence: index } },
    };
    const message: OutgoingMessage = {
      id: randomUUID(),
      type: 'v2',
      routingKey,
      orderKey: `${routingKey}:queued-${index}`,
      body: Buffer.from(JSON.stringify(event)),
      contentType: 'application/json',
      receivedAt: Date.now(),
    };
    // Of the keys of odd lanes, which are whole in one place.
    return { message, isParked: laneOf(EVENTS, routingKey) % 2 === 1 };
  });
}
