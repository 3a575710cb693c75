import { type Options } from 'amqplib';
import { type QueueOptions } from './queue-state';

/**
 * The arguments of a queue that the simulation knows. A stream is simulated for those who publish to it, as a quorum queue.
 * @throws Error for another one
 */
export function argumentsOf(options: Options.AssertQueue): Omit<QueueOptions, 'name' | 'exclusiveTo'> {
  const given: unknown = options.arguments ?? {};
  const values = new Map<string, unknown>(typeof given === 'object' && given !== null ? Object.entries(given) : []);
  for (const name of values.keys()) if (!KNOWN_ARGUMENTS.has(name)) throw new Error(`not simulated: ${name}`);
  const [exchange, routingKey] = [values.get('x-dead-letter-exchange'), values.get('x-dead-letter-routing-key')];
  return {
    type: REPLICATED.has(values.get('x-queue-type')) ? 'quorum' : 'classic',
    singleActiveConsumer: values.get('x-single-active-consumer') === true,
    hasDeliveryLimit: values.has('x-delivery-limit'),
    deadLetters:
      typeof exchange === 'string'
        ? { exchange, routingKey: typeof routingKey === 'string' ? routingKey : '' }
        : undefined,
  };
}

const REPLICATED: ReadonlySet<unknown> = new Set(['quorum', 'stream']);

const KNOWN_ARGUMENTS = new Set([
  'x-queue-type',
  'x-single-active-consumer',
  'x-delivery-limit',
  'x-quorum-initial-group-size',
  'x-dead-letter-exchange',
  'x-dead-letter-routing-key',
  'x-max-age',
  'x-max-length-bytes',
  'x-stream-max-segment-size-bytes',
]);
