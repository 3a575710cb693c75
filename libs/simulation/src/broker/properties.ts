import { type MessageProperties, type Options } from 'amqplib';

/** AMQP's short strings have one byte for their length. */
const LONGEST_SHORT_STRING = 255;

/**
 * The properties of a message as a consumer gets them: a copy, as on the wire.
 * @throws TypeError if AMQP cannot encode them
 */
export function propertiesOf(exchange: string, routingKey: string, options: Options.Publish): MessageProperties {
  const { contentType, contentEncoding, correlationId, replyTo, messageId, type, userId, appId } = options;
  const shortStrings = { contentType, contentEncoding, correlationId, replyTo, messageId, type, userId, appId };
  for (const [name, value] of Object.entries({ exchange, routingKey, ...shortStrings })) {
    if (value !== undefined && Buffer.byteLength(value) > LONGEST_SHORT_STRING)
      throw new TypeError(`Field '${name}' is longer than ${LONGEST_SHORT_STRING} bytes`);
  }
  const { persistent, deliveryMode, priority, expiration, timestamp } = options;
  const given: unknown = options.headers;
  return {
    ...shortStrings,
    headers: structuredClone(typeof given === 'object' && given !== null ? { ...given } : {}),
    deliveryMode: deliveryMode ?? (persistent === undefined ? undefined : persistent ? 2 : 1),
    priority,
    expiration: expiration === undefined ? undefined : String(expiration),
    timestamp,
    clusterId: undefined,
  };
}
