import { type ConfirmChannel, IllegalOperationError, type Options } from 'amqplib';

/** What the broker said of a message: it has it durably, no queue took it, or it would not have it. */
export type Settlement = 'confirmed' | 'returned' | 'refused';
/** Whether a message went out: it did, the channel has ended, or AMQP has no form for it and no channel ever takes it. */
export type Sent = 'sent' | 'ended' | 'unencodable';

/** What the broker said when it closed a channel. */
export interface ChannelClosure {
  /** AMQP's reply code, as 404 if the exchange does not exist, or 406 if a message is refused for what it is. */
  readonly replyCode: number;
  readonly reason: string;
}

export interface PublishChannelPorts {
  /** A message was returned because no queue is bound for it. */
  readonly returned: () => void;
  /**
   * The channel has ended: nothing that was sent over it and not settled ever will be.
   * @param closure why, if the broker closed this channel alone
   */
  readonly ended: (closure: ChannelClosure | undefined) => void;
}

/** One confirm channel. Each message that is sent is settled, or lost when the channel ends. */
export class PublishChannel {
  readonly #channel: ConfirmChannel;
  readonly #returned = new Set<string>();
  readonly #largestHeader: number;
  #hasEnded = false;

  constructor(channel: ConfirmChannel, ports: PublishChannelPorts) {
    this.#channel = channel;
    this.#largestHeader = largestHeaderOf(channel);
    let closure: ChannelClosure | undefined;
    channel.on('error', (error: Error & { readonly code?: unknown }) => {
      if (typeof error.code === 'number') closure = { replyCode: error.code, reason: error.message };
    });
    channel.on('return', (message) => {
      this.#returned.add(String(message.properties.messageId));
      ports.returned();
    });
    // amqplib's own listener, registered first, calls back for everything unconfirmed as if it were refused.
    channel.prependListener('close', () => (this.#hasEnded = true));
    channel.on('close', () => ports.ended(closure));
  }

  /** Sends a message; unless it is 'sent', it is never settled. */
  send(
    to: { readonly exchange: string; readonly routingKey: string },
    body: Buffer,
    properties: Options.Publish,
    settle: (settlement: Settlement) => void,
  ): Sent {
    if (this.#hasEnded) return 'ended';
    const id = String(properties.messageId);
    const confirmed = (error: unknown): void => {
      if (this.#hasEnded) return;
      // A message that no queue took is returned first and then confirmed.
      const wasReturned = this.#returned.size > 0 && this.#returned.delete(id);
      settle(wasReturned ? 'returned' : error ? 'refused' : 'confirmed');
    };
    if (sizeOf(properties) > this.#largestHeader) return 'unencodable';
    try {
      this.#channel.publish(to.exchange, to.routingKey, body, properties, confirmed);
      return 'sent';
    } catch (error) {
      // The encoder throws before anything is written.
      return error instanceof IllegalOperationError ? 'ended' : 'unencodable';
    }
  }

  /** Ends the channel without waiting: the broker may not answer. `ended` follows when it does. */
  close(): void {
    if (this.#hasEnded) return;
    this.#channel.close().catch(() => undefined);
  }
}

/** Room for the frame itself and for the properties that are always short: id, type, timestamp, flags. */
const FIXED_BYTES = 1_024;
/** What AMQP adds to each entry of a table: the length of its name, and type and length of its value. */
const ENTRY_BYTES = 6;

/**
 * The properties of a message travel in one frame, which cannot be split: beyond the size that was agreed on for frames the
 * broker closes the whole connection (501).
 */
function largestHeaderOf({ connection }: ConfirmChannel): number {
  // amqplib's types do not show it.
  const agreed: unknown = 'frameMax' in connection ? connection.frameMax : undefined;
  return (typeof agreed === 'number' ? agreed : SMALLEST_FRAME_MAX) - FIXED_BYTES;
}

/** AMQP 0-9-1, frame-min-size. */
const SMALLEST_FRAME_MAX = 4_096;

function sizeOf(table: unknown): number {
  if (typeof table === 'string') return Buffer.byteLength(table);
  if (typeof table !== 'object' || table === null) return 0;
  let bytes = 0;
  for (const [name, value] of Object.entries(table)) bytes += Buffer.byteLength(name) + ENTRY_BYTES + sizeOf(value);
  return bytes;
}
