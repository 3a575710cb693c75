import { connectToBroker } from '@pdaltagent/testing';
import {
  DEAD_LETTER_EXCHANGE,
  declareTopology,
  EVENTS,
  type OutgoingMessage,
  toProperties,
} from '@pdaltagent/messaging';
import { BrokerClient } from './broker-client';
import { Sender } from './sender';

export const ROUTING_KEY = 'R0123456789ABCDEFGHIJKLMNOPQd1a6';

/** Declares what a gateway declares. */
export async function declareAll(url: string): Promise<void> {
  const connection = await connectToBroker(url);
  await declareTopology(connection, EVENTS, 'quorum');
  await connection.close();
}

export function message(id: string, alert = id, body = `{"dedup_key":"${alert}"}`): OutgoingMessage {
  return {
    id,
    type: 'v2',
    routingKey: ROUTING_KEY,
    orderKey: `${ROUTING_KEY}:${alert}`,
    body: Buffer.from(body),
    contentType: 'application/json',
    forward: { 'x-vendor': 'one' },
    receivedAt: 1_700_000_000_000,
  };
}

const AT_ONCE = 1_000;

/** Publishes dead letters as a worker does, in this order; the headers describe why each became one. */
export async function writeDeadLetters(
  url: string,
  messages: readonly OutgoingMessage[],
  headersOf: (index: number) => Record<string, unknown> = () => ({ dead_reason: 'rejected', dead_status: 400 }),
): Promise<void> {
  const client = await BrokerClient.open({ url, name: 'fixture' });
  const sender = await Sender.open(client);
  // In parts: encoding all of them at once would leave no time for heartbeats.
  for (let from = 0; from < messages.length; from += AT_ONCE) {
    await Promise.all(
      messages.slice(from, from + AT_ONCE).map((dead, offset) => {
        const properties = toProperties(dead);
        const headers: Readonly<Record<string, unknown>> = properties.headers as Record<string, unknown>;
        return sender.send(DEAD_LETTER_EXCHANGE, EVENTS.deadLetters, dead.body, {
          ...properties,
          headers: { ...headers, ...headersOf(from + offset) },
        });
      }),
    );
  }
  await client.close();
}
