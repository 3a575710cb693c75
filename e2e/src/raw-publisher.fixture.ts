import { connectToBroker } from '@pdaltagent/testing';
import { delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { EVENTS } from '@pdaltagent/messaging';
import { type Channel, type ChannelModel } from 'amqplib';
import { Socket } from 'node:net';

/** A message whose properties are given as bytes, so that they may be anything that AMQP permits, and more. */
export interface RawMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: RawProperties;
  readonly body: Buffer;
}

/** In the order in which AMQP sends them; the bit of each in the flags. Source: AMQP 0-9-1, class basic. */
const PROPERTIES = [
  ['contentType', 15],
  ['contentEncoding', 14],
  ['headers', 13],
  ['deliveryMode', 12],
  ['priority', 11],
  ['correlationId', 10],
  ['replyTo', 9],
  ['expiration', 8],
  ['messageId', 7],
  ['timestamp', 6],
  ['type', 5],
  ['userId', 4],
  ['appId', 3],
  ['clusterId', 2],
] as const;

export type RawProperty = (typeof PROPERTIES)[number][0];
/** The encoded value of each. */
export type RawProperties = Readonly<Partial<Record<RawProperty, Buffer | undefined>>>;

const BASIC = 60;
const PUBLISH = 40;
const FRAME_END = 0xce;
const FRAME_OVERHEAD = 8;
const FRAME_MAX = 131_072;

/** A short string: at most 255 bytes. */
export function shortString(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Bytes after their length in 32 bits: a long string, or the content of a table or an array. */
export function longString(bytes: string | Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Buffer.byteLength(bytes));
  return Buffer.concat([length, Buffer.from(bytes)]);
}

/** The largest encoded headers that fit into a frame beside other properties. */
export const LARGEST_HEADERS = FRAME_MAX - 4_096;

function frame(type: number, channel: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([FRAME_END])]);
}

function framesOf({ exchange, routingKey, properties, body }: RawMessage, channel: number): Buffer {
  const method = Buffer.alloc(6);
  method.writeUInt16BE(BASIC, 0);
  method.writeUInt16BE(PUBLISH, 2);
  const publish = Buffer.concat([method, shortString(exchange), shortString(routingKey), Buffer.from([0])]);
  const header = Buffer.alloc(14);
  header.writeUInt16BE(BASIC, 0);
  header.writeBigUInt64BE(BigInt(body.length), 4);
  let flags = 0;
  const values: Buffer[] = [];
  for (const [name, bit] of PROPERTIES) {
    const value = properties[name];
    if (value === undefined) continue;
    flags |= 1 << bit;
    values.push(value);
  }
  header.writeUInt16BE(flags, 12);
  const frames = [frame(1, channel, publish), frame(2, channel, Buffer.concat([header, ...values]))];
  for (let at = 0; at < body.length; at += FRAME_MAX - FRAME_OVERHEAD)
    frames.push(frame(3, channel, body.subarray(at, at + FRAME_MAX - FRAME_OVERHEAD)));
  return Buffer.concat(frames);
}

/** Messages that are sent before the broker is asked whether it has read them. */
const GROUP = 25;
const ANSWER_TIMEOUT_MS = 20_000;

/** Publishes raw messages; reconnects when the broker closes the connection because of one. */
export class RawPublisher {
  readonly #url: string;
  #open: Promise<{ connection: ChannelModel; channel: Channel; socket: Socket; number: number }> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Resolves with those that the broker accepted. Of a group in which it refuses one, the others are sent twice. */
  async publish<Message extends RawMessage>(messages: readonly Message[]): Promise<Message[]> {
    const accepted: Message[] = [];
    for (let at = 0; at < messages.length; at += GROUP) {
      const group = messages.slice(at, at + GROUP);
      if (await this.#publish(group)) accepted.push(...group);
      else for (const message of group) if (await this.#publish([message])) accepted.push(message);
    }
    return accepted;
  }

  async #publish(group: readonly RawMessage[]): Promise<boolean> {
    const { channel, socket, number } = await (this.#open ??= this.#connectToBroker());
    socket.write(Buffer.concat(group.map((message) => framesOf(message, number))));
    // Answered once the broker has read the messages before. After a frame that it cannot read, it may answer nothing.
    const isAnswered = await Promise.race([
      channel.checkExchange(EVENTS.exchange).then(
        () => true,
        () => false,
      ),
      delay(SYSTEM_CLOCK, ANSWER_TIMEOUT_MS).then(() => false),
    ]);
    if (isAnswered) return true;
    this.#open = undefined;
    // To close the connection, the broker would have to answer.
    socket.destroy();
    return false;
  }

  async close(): Promise<void> {
    await (await this.#open)?.connection.close();
  }

  async #connectToBroker() {
    const connection = await connectToBroker(this.#url);
    connection.on('error', () => undefined);
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    // Both are missing from amqplib's types.
    const socket: unknown = 'stream' in connection.connection ? connection.connection.stream : undefined;
    const number: unknown = 'ch' in channel ? channel.ch : undefined;
    if (!(socket instanceof Socket) || typeof number !== 'number') throw new Error('amqplib has changed');
    return { connection, channel, socket, number };
  }
}
