import { EVENT_ACTIONS, type EventAction, isAdapter } from '@pdaltagent/events';
import { type ConsumeMessage, type MessageProperties, type Options } from 'amqplib';
import { forwardedHeadersOf, headerValueOf } from './forwarded-headers';
import { headerBytesOf, MAXIMUM_HEADER_BYTES } from './header-bytes';
import { undecodableIn } from './undecodable';

export const MESSAGE_TYPES = [
  'v2',
  'v1',
  'change',
  'x-ere',
  'integration',
  'integration-change',
  'adapter',
  'nagios',
  'webhook',
] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** When the sender's event was accepted, on a message whose age a replay restarted. */
export const ORIGINAL_RECEIVED_AT = 'original_received_at';

/** The whole content type, on a message whose property cannot hold it. */
const CONTENT_TYPE = 'content_type';
/** AMQP's short strings, which all properties are, take a length of one byte (AMQP 0-9-1, 4.2.5.3). */
const MAXIMUM_PROPERTY_BYTES = 255;

/** A message as published. The body is exactly what will be posted; the rest is in AMQP properties. */
export interface OutgoingMessage {
  /** UUIDv7: the correlation id in every log line. */
  readonly id: string;
  readonly type: MessageType;
  /** PagerDuty's routing key; for a webhook, the name of its destination. */
  readonly routingKey: string;
  /** Messages with one order key are delivered strictly one after another. */
  readonly orderKey: string;
  readonly body: Buffer;
  readonly contentType: string;
  /** Headers of the sender that are forwarded with the body. */
  readonly forward?: Readonly<Record<string, string>>;
  /** The query string of the sender's URL, without the question mark, which is forwarded with the body. */
  readonly query?: string;
  /** Of the type `adapter`: vendor and version of the sender's URL, `cloudwatch_sns/v1`, to which it is passed on. */
  readonly adapter?: string;
  /** What PagerDuty is asked to do with the alert, if the gateway knows: so that no worker has to parse the body for it. */
  readonly action?: EventAction | undefined;
  /** When it was accepted; milliseconds since 1970. */
  readonly receivedAt: number;
  /** When the sender's event was accepted, on a message whose age a replay restarted; milliseconds since 1970. */
  readonly originalReceivedAt?: number;
  /** Set on every repeated publish: the message may have been delivered already. */
  readonly maybeDuplicate?: boolean;
  /** W3C trace context, if the sender provided one. */
  readonly traceparent?: string;
}

/** A message as consumed from its queue. */
export interface IncomingMessage extends OutgoingMessage {
  readonly maybeDuplicate: boolean;
  readonly forward: Readonly<Record<string, string>>;
}

/** A message of any type, including types that only a newer version can deliver. */
export type AddressedMessage = Omit<IncomingMessage, 'type'> & { readonly type: string };

export function toProperties(message: OutgoingMessage): Options.Publish {
  const { forward, query, adapter, action, originalReceivedAt, maybeDuplicate, traceparent } = message;
  // One by one: spreading optional fields costs more than the rest of publishing.
  const headers: Record<string, unknown> = {
    routing_key: message.routingKey,
    order_key: message.orderKey,
    received_at: message.receivedAt,
  };
  if (forward !== undefined) headers.forward = forward;
  if (query !== undefined) headers.query = query;
  if (adapter !== undefined) headers.adapter = adapter;
  if (action !== undefined) headers.action = action;
  if (originalReceivedAt !== undefined) headers[ORIGINAL_RECEIVED_AT] = originalReceivedAt;
  if (maybeDuplicate === true) headers.again = true;
  if (traceparent !== undefined) headers.traceparent = traceparent;
  const contentType = propertyOf(message.contentType);
  if (contentType !== message.contentType) headers[CONTENT_TYPE] = message.contentType;
  return {
    persistent: true,
    mandatory: true,
    messageId: message.id,
    type: message.type,
    contentType,
    timestamp: Math.floor(message.receivedAt / 1000),
    headers,
  };
}

/** The content type if it fits into the property; else without its parameters, or application/octet-stream. */
function propertyOf(contentType: string): string {
  if (Buffer.byteLength(contentType) <= MAXIMUM_PROPERTY_BYTES) return contentType;
  const [mediaType = ''] = contentType.split(';', 1);
  const short = mediaType.trim();
  const isValid = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+$/.test(short) && short.length <= MAXIMUM_PROPERTY_BYTES;
  return isValid ? short : 'application/octet-stream';
}

/** The result of parsing a consumed message. */
export type Parsed =
  | { readonly kind: 'message'; readonly message: IncomingMessage }
  /**
   * Published by a newer version for a worker of that version; the message is undefined if its lane cannot be
   * determined.
   */
  | { readonly kind: 'newer'; readonly problem: string; readonly message: AddressedMessage | undefined }
  /** It lacks what delivery needs: no version of PDaltagent published it. */
  | { readonly kind: 'unrecognized'; readonly problem: string };

/** A message that this version cannot deliver. */
export type Unreadable = Exclude<Parsed, { readonly kind: 'message' }>;

const TEXT_PROPERTIES = [
  'messageId',
  'type',
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'appId',
] as const;
type TextProperty = (typeof TEXT_PROPERTIES)[number];

/** The message version that this version reads. Messages of another one state it in the header `version`. */
const VERSION = 1;
/** AMQP limits a message id to 255 bytes; one decoded from invalid UTF-8 may be longer. Source: AMQP 0-9-1, 4.2.5.3. */
const LONGEST_ID_BYTES = 255;
const LATEST_TIME = 8.64e15;
/** Source: W3C Trace Context, 3.2.2. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?$/;
/** Characters that would end a query or be removed from its URL. */
const NOT_IN_A_QUERY = /[#\s\x00-\x1f\x7f]/g;
/** Path segments that a URL parser resolves: a request to them would go elsewhere. */
const PATH_SEGMENTS = new Set(['', '.', '..']);
const TYPES_WITH_KEY_IN_PATH: ReadonlySet<MessageType> = new Set([
  'x-ere',
  'integration',
  'integration-change',
  'adapter',
]);

/**
 * Parses a consumed message, which anyone may have published. What delivery depends on must be valid; of what is only
 * forwarded, anything that could not be sent is dropped, because the body is what matters.
 */
export function fromDelivery(delivery: Pick<ConsumeMessage, 'properties' | 'content'>): Parsed {
  const read = addressed(delivery);
  const version: unknown = delivery.properties.headers?.version;
  if (version !== undefined && version !== VERSION)
    return {
      kind: 'newer',
      problem: `message version ${nameOf(version)} of a newer version of PDaltagent`,
      ...messageIn(read),
    };
  if (typeof read === 'string') return { kind: 'unrecognized', problem: read };
  const type = MESSAGE_TYPES.find((known) => known === read.type);
  if (type === undefined)
    return {
      kind: 'newer',
      problem: `message type ${nameOf(read.type)} of a newer version of PDaltagent`,
      message: read,
    };
  if (TYPES_WITH_KEY_IN_PATH.has(type) && PATH_SEGMENTS.has(read.routingKey))
    return { kind: 'unrecognized', problem: 'header routing_key cannot be part of a path' };
  if (type === 'adapter' && read.adapter === undefined)
    return { kind: 'unrecognized', problem: 'header adapter (such as cloudwatch_sns/v1) is missing' };
  return { kind: 'message', message: { ...read, type } };
}

/** The message, whatever its type; or what is wrong with it. */
function addressed({ properties, content }: Pick<ConsumeMessage, 'properties' | 'content'>): AddressedMessage | string {
  const headers: Readonly<Record<string, unknown>> = properties.headers ?? {};
  const undecodable = undecodableIn(headers);
  if (undecodable !== undefined) return `its properties cannot be decoded: ${undecodable}`;
  const id: unknown = properties.messageId;
  const type: unknown = properties.type;
  const contentType: unknown = headers[CONTENT_TYPE] ?? properties.contentType;
  const {
    routing_key: routingKey,
    order_key: orderKey,
    received_at: receivedAt,
    query,
    adapter,
    traceparent,
  } = headers;
  const action = EVENT_ACTIONS.find((known) => known === headers.action);
  const originalReceivedAt: unknown = headers[ORIGINAL_RECEIVED_AT];
  if (typeof id !== 'string' || id === '') return 'messageId is missing';
  if (Buffer.byteLength(id) > LONGEST_ID_BYTES) return 'messageId is too long';
  if (typeof type !== 'string' || type === '') return 'type is missing';
  if (typeof routingKey !== 'string') return 'header routing_key is missing';
  if (typeof orderKey !== 'string') return 'header order_key is missing';
  if (!isTime(receivedAt)) return 'header received_at (milliseconds since 1970) is missing';
  const message: AddressedMessage = {
    id,
    type,
    routingKey,
    orderKey,
    receivedAt,
    body: content,
    contentType: typeof contentType === 'string' ? headerValueOf(contentType) : 'application/json',
    forward: forwardedHeadersOf(headers.forward),
    maybeDuplicate: headers.again === true,
    ...(action === undefined ? {} : { action }),
    ...(isTime(originalReceivedAt) ? { originalReceivedAt } : {}),
    ...(typeof query === 'string' ? { query: query.replace(NOT_IN_A_QUERY, encodeURIComponent) } : {}),
    ...(typeof adapter === 'string' && isAdapter(adapter) ? { adapter } : {}),
    ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { traceparent } : {}),
  };
  const bytes = headerBytesOf(message);
  if (bytes <= MAXIMUM_HEADER_BYTES) return message;
  return `query, Content-Type, headers and keys have ${bytes} bytes: at most ${MAXIMUM_HEADER_BYTES} are sent on`;
}

/** Milliseconds since 1970: at most those of a Date, because AMQP cannot encode any number. Source: ECMA-262, 21.4.1.1. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LATEST_TIME;
}

function messageIn(read: AddressedMessage | string): { readonly message: AddressedMessage | undefined } {
  return { message: typeof read === 'string' ? undefined : read };
}

/** Every text property of a message: a newer version may need one that this version does not use. */
export function textsOf(properties: MessageProperties): Pick<Options.Publish, TextProperty> {
  const all: Readonly<Record<string, unknown>> = { ...properties };
  return Object.fromEntries(
    TEXT_PROPERTIES.flatMap((name) => (typeof all[name] === 'string' ? [[name, all[name]]] : [])),
  );
}

/** For log lines and dead letters: untrusted text, so its length and characters are limited. */
function nameOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? JSON.stringify(value).slice(0, 64) : typeof value;
}
