import { type MessageProperties } from 'amqplib';
import { type BrokerMessage } from './queue-message';

/** The properties of a message that a consumer of the queue has rejected. @param at milliseconds */
export function withDeath(
  { exchange, routingKey, properties }: BrokerMessage,
  queue: string,
  at: number,
): MessageProperties {
  const { headers = {} } = properties;
  const before = headers['x-death'] ?? [];
  const again = before.find((death) => death.queue === queue);
  const death = {
    count: (again?.count ?? 0) + 1,
    reason: 'rejected' as const,
    queue,
    time: { '!': 'timestamp' as const, value: Math.floor(at / 1_000) },
    exchange,
    'routing-keys': [routingKey],
  };
  const first = {
    'x-first-death-exchange': exchange,
    'x-first-death-queue': queue,
    'x-first-death-reason': 'rejected',
  };
  const others = before.filter((other) => other !== again);
  return { ...properties, headers: { ...first, ...headers, 'x-death': [death, ...others] } };
}
