import { type ConsumeMessage, type Options } from 'amqplib';

export const MESSAGE_TYPES = ['v2', 'v1', 'change', 'x-ere', 'integration', 'integration-change', 'webhook'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** When the sender's event was accepted, on a message whose age a replay restarted. */
export const ORIGINAL_RECEIVED_AT = 'original_received_at';

/** What travels through an exchange. The body is exactly what will be posted; the rest rides in AMQP's properties. */
export interface OutgoingMessage {
  /** UUIDv7: the correlation id in every log line. */
  readonly id: string;
  readonly type: MessageType;
  /** PagerDuty's routing key; a webhook's destination name. It chooses the lane. */
  readonly routingKey: string;
  /** Messages with one order key are delivered strictly one after another. */
  readonly orderKey: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** Headers of the sender that are passed on with the body. */
  readonly forward?: Readonly<Record<string, string>>;
  /** The query string of the sender's URL, without its question mark, which is passed on with the body. */
  readonly query?: string;
  /** When it was accepted; milliseconds since 1970. */
  readonly receivedAt: number;
  /** When the sender's event was accepted, on a message whose age a replay restarted; milliseconds since 1970. */
  readonly originalReceivedAt?: number;
  /** Set on anything that is published a second time: it may have been delivered already. */
  readonly again?: boolean;
  /** W3C trace context, where the sender gave one. */
  readonly traceparent?: string;
}

/** A message as it comes off its queue. */
export interface IncomingMessage extends OutgoingMessage {
  readonly again: boolean;
  readonly forward: Readonly<Record<string, string>>;
}

export function toProperties(message: OutgoingMessage): Options.Publish {
  const { forward, query, originalReceivedAt, again, traceparent } = message;
  // One by one: spreading what may be absent costs more than all the rest of publishing.
  const headers: Record<string, unknown> = {
    routing_key: message.routingKey,
    order_key: message.orderKey,
    received_at: message.receivedAt,
  };
  if (forward !== undefined) headers.forward = forward;
  if (query !== undefined) headers.query = query;
  if (originalReceivedAt !== undefined) headers[ORIGINAL_RECEIVED_AT] = originalReceivedAt;
  if (again === true) headers.again = true;
  if (traceparent !== undefined) headers.traceparent = traceparent;
  return {
    persistent: true,
    mandatory: true,
    messageId: message.id,
    type: message.type,
    contentType: message.contentType,
    timestamp: Math.floor(message.receivedAt / 1000),
    headers,
  };
}

export type Parsed =
  | { readonly kind: 'message'; readonly message: IncomingMessage }
  | { readonly kind: 'foreign'; readonly problem: string };

/** Reads a message off a queue; one that we did not publish lacks what delivery needs and is called foreign. */
export function fromDelivery({ properties, content }: Pick<ConsumeMessage, 'properties' | 'content'>): Parsed {
  const headers: Readonly<Record<string, unknown>> = properties.headers ?? {};
  const id: unknown = properties.messageId;
  const type = MESSAGE_TYPES.find((known) => known === properties.type);
  const { routing_key: routingKey, order_key: orderKey, received_at: receivedAt, query, traceparent } = headers;
  if (typeof id !== 'string' || id === '') return { kind: 'foreign', problem: 'it has no messageId' };
  if (type === undefined) return { kind: 'foreign', problem: 'its type is none of ours' };
  if (typeof routingKey !== 'string') return { kind: 'foreign', problem: 'it has no header routing_key' };
  if (typeof orderKey !== 'string') return { kind: 'foreign', problem: 'it has no header order_key' };
  if (typeof receivedAt !== 'number') return { kind: 'foreign', problem: 'it has no header received_at' };
  const contentType: unknown = properties.contentType;
  const originalReceivedAt: unknown = headers[ORIGINAL_RECEIVED_AT];
  return {
    kind: 'message',
    message: {
      id,
      type,
      routingKey,
      orderKey,
      receivedAt,
      body: content,
      contentType: typeof contentType === 'string' ? contentType : 'application/json',
      forward: textsOf(headers.forward),
      again: headers.again === true,
      ...(typeof originalReceivedAt === 'number' ? { originalReceivedAt } : {}),
      ...(typeof query === 'string' ? { query } : {}),
      ...(typeof traceparent === 'string' ? { traceparent } : {}),
    },
  };
}

const NOTHING: Readonly<Record<string, string>> = Object.freeze({});

function textsOf(table: unknown): Readonly<Record<string, string>> {
  if (typeof table !== 'object' || table === null) return NOTHING;
  return Object.fromEntries(
    Object.entries(table).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
