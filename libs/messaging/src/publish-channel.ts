import { accessRefusalIn } from './access-refused';
import { type ConfirmChannel, IllegalOperationError, type Options } from 'amqplib';

/** The broker's reply for a message: stored durably, not routable to a queue, or refused. */
export type Settlement = 'confirmed' | 'returned' | 'refused';
/** Whether a message was sent: yes, the channel has ended, or AMQP cannot encode it and it can never be sent. */
export type SendStatus = 'sent' | 'ended' | 'unencodable';

/** The broker's reason for closing a channel. */
export interface ChannelClosure {
  /** AMQP's reply code, such as 404 if the exchange does not exist, or 406 if the message itself is refused. */
  readonly replyCode: number;
  readonly reason: string;
}

/** AMQP 0-9-1, "reply codes": RabbitMQ's reply to a message that it refuses, such as one over its `max_message_size`. */
const PRECONDITION_FAILED = 406;

/** The broker's own words, if it closed the channel because of a message that was sent over it. */
export function messageRefusalIn(closure: ChannelClosure | undefined): string | undefined {
  if (closure?.replyCode !== PRECONDITION_FAILED) return undefined;
  // amqplib puts them in quotes, after words of its own.
  return /with message "(?:PRECONDITION_FAILED - )?(.*)"$/.exec(closure.reason)?.[1] ?? closure.reason;
}

/**
 * RabbitMQ's reason for closing the channel after a message over `max_message_size`: `check_msg_size` in
 * `rabbit_channel.erl` of 3.10.
 */
const TOO_LARGE = /message size \d+ is larger than (?:configured )?max size (\d+)/;

/** The largest body that the broker accepts, in bytes, if that is why it closed a channel. */
export function maximumSizeIn(closeReason: string | undefined): number | undefined {
  const bytes = TOO_LARGE.exec(closeReason ?? '')?.[1];
  return bytes === undefined ? undefined : Number(bytes);
}

export interface PublishChannelPorts {
  /** A message was returned because no queue is bound for it. */
  readonly onReturned: () => void;
  /**
   * The channel has ended: what was sent over it and is not settled yet never will be.
   * @param closure why, if the broker closed this channel alone
   */
  readonly onEnded: (closure: ChannelClosure | undefined) => void;
}

/** A confirm channel. Each sent message is settled, unless the channel ends first. */
export class PublishChannel {
  readonly #channel: ConfirmChannel;
  readonly #returned = new Set<string>();
  #unsettled = 0;
  readonly #largestHeader: number;
  #hasEnded = false;

  constructor(channel: ConfirmChannel, ports: PublishChannelPorts) {
    this.#channel = channel;
    this.#largestHeader = largestHeaderOf(channel);
    let closure: ChannelClosure | undefined;
    channel.on('error', (error: Error & { readonly code?: unknown }) => {
      if (typeof error.code === 'number')
        closure = { replyCode: error.code, reason: (accessRefusalIn(error) ?? error).message };
    });
    channel.on('return', (message) => {
      this.#returned.add(String(message.properties.messageId));
      ports.onReturned();
    });
    // amqplib's own listener, which is registered first, reports everything unconfirmed as refused.
    channel.prependListener('close', () => (this.#hasEnded = true));
    channel.on('close', () => ports.onEnded(closure));
  }

  /** Number of messages sent and not settled. */
  get unsettled(): number {
    return this.#unsettled;
  }

  /** Sends a message. `settle` is called later if the result is 'sent', and never otherwise. */
  send(
    to: { readonly exchange: string; readonly routingKey: string },
    body: Buffer,
    properties: Options.Publish,
    settle: (settlement: Settlement) => void,
  ): SendStatus {
    if (this.#hasEnded) return 'ended';
    const id = String(properties.messageId);
    const onConfirmed = (error: unknown): void => {
      if (this.#hasEnded) return;
      // A message that could not be routed is returned first and then confirmed.
      const wasReturned = this.#returned.size > 0 && this.#returned.delete(id);
      this.#unsettled -= 1;
      settle(wasReturned ? 'returned' : error ? 'refused' : 'confirmed');
    };
    try {
      // Inside, because it recurses as deeply as headers are nested.
      if (sizeOf(properties) > this.#largestHeader) return 'unencodable';
      this.#channel.publish(to.exchange, to.routingKey, body, properties, onConfirmed);
      this.#unsettled += 1;
      return 'sent';
    } catch (error) {
      // The encoder throws before it writes anything.
      return error instanceof IllegalOperationError ? 'ended' : 'unencodable';
    }
  }

  /** Closes the channel without waiting, because the broker may not answer. `onEnded` follows when it does. */
  close(): void {
    if (this.#hasEnded) return;
    this.#channel.close().catch(() => undefined);
  }
}

/** Space for the frame itself and for properties that are always short: id, type, timestamp, flags. */
const FIXED_BYTES = 1_024;
/** AMQP's overhead per table entry: the length of its name, and the type and length of its value. */
const ENTRY_BYTES = 6;

/**
 * The properties of a message are sent in one frame, which cannot be split: if it exceeds the negotiated frame size, the
 * broker closes the whole connection (501).
 */
function largestHeaderOf({ connection }: ConfirmChannel): number {
  // Missing from amqplib's types.
  const agreed: unknown = 'frameMax' in connection ? connection.frameMax : undefined;
  return (typeof agreed === 'number' ? agreed : SMALLEST_FRAME_MAX) - FIXED_BYTES;
}

/** AMQP 0-9-1, frame-min-size. */
const SMALLEST_FRAME_MAX = 4_096;

function sizeOf(table: unknown): number {
  if (typeof table === 'string') return Buffer.byteLength(table);
  if (Buffer.isBuffer(table)) return table.length;
  if (typeof table !== 'object' || table === null) return 0;
  let bytes = 0;
  for (const [name, value] of Object.entries(table)) bytes += Buffer.byteLength(name) + ENTRY_BYTES + sizeOf(value);
  return bytes;
}
