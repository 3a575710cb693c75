import { type MessageProperties, type Options } from 'amqplib';

/** AMQP's short strings have one byte for their length. */
const LONGEST_SHORT_STRING = 255;
const SHORT_STRINGS = [
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'messageId',
  'type',
  'userId',
  'appId',
] as const;
/** In UTF-8, of a character of a string. */
const MOST_BYTES = 3;

/**
 * The properties of a message as a consumer gets them: a copy, as on the wire.
 * @throws TypeError if AMQP cannot encode them
 */
export function propertiesOf(exchange: string, routingKey: string, options: Options.Publish): MessageProperties {
  const { contentType, contentEncoding, correlationId, replyTo, messageId, type, userId, appId } = options;
  checkShortString('exchange', exchange);
  checkShortString('routingKey', routingKey);
  for (const name of SHORT_STRINGS) checkShortString(name, options[name]);
  const { persistent, deliveryMode, priority, expiration, timestamp } = options;
  const given: unknown = options.headers;
  return {
    contentType,
    contentEncoding,
    correlationId,
    replyTo,
    messageId,
    type,
    userId,
    appId,
    headers: copyOf(typeof given === 'object' && given !== null ? { ...given } : {}),
    deliveryMode: deliveryMode ?? (persistent === undefined ? undefined : persistent ? 2 : 1),
    priority,
    expiration: expiration === undefined ? undefined : String(expiration),
    timestamp,
    clusterId: undefined,
  };
}

/** @throws TypeError if it is too long */
function checkShortString(name: string, value: string | undefined): void {
  if (value === undefined || value.length * MOST_BYTES <= LONGEST_SHORT_STRING) return;
  if (Buffer.byteLength(value) > LONGEST_SHORT_STRING)
    throw new TypeError(`Field '${name}' is longer than ${LONGEST_SHORT_STRING} bytes`);
}

/** @param headers of which only nested values are shared: `structuredClone` takes long */
function copyOf(headers: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const hasNested = Object.values(headers).some((value) => typeof value === 'object' && value !== null);
  return hasNested ? structuredClone(headers) : headers;
}
