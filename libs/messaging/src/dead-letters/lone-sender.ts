import { type ConfirmChannel, IllegalOperationError, type Options } from 'amqplib';
import { type BrokerLink, hasReplyCode } from '../inspection/broker-link';
import { PublishError } from '../publisher';

/** What became of a message: the broker has it, would not have it, or AMQP has no form for it. */
export type LoneAnswer =
  { readonly kind: 'confirmed' } | { readonly kind: 'refused' | 'unencodable'; readonly reason: string };

/** AMQP 0-9-1, "reply codes": so RabbitMQ refuses a message over its `max_message_size`. */
const PRECONDITION_FAILED = 406;

interface OpenChannel {
  readonly channel: ConfirmChannel;
  /** The message in flight was returned: no queue took it. */
  hasReturned: boolean;
  /** Why the broker closed the channel. */
  closedBecause: Error | undefined;
}

/**
 * Publishes one message at a time, with confirm, to queues that exist already. A broker that refuses a message closes the
 * channel and does not say which message it means: only one that is alone in flight can be named.
 */
export class LoneSender {
  readonly #link: BrokerLink;
  #open: OpenChannel | undefined;
  #isSending = false;

  constructor(link: BrokerLink) {
    this.#link = link;
  }

  /**
   * To be called again only once it has settled.
   * @throws PublishError, BrokerAway, Error: it is not the message; it may be queued all the same
   */
  async send(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<LoneAnswer> {
    if (this.#isSending) throw new Error('a lone sender sends one message at a time');
    if (this.#link.blocked) throw new PublishError('blocked');
    this.#isSending = true;
    try {
      const open = (this.#open ??= await this.#openChannel());
      open.hasReturned = false;
      return await this.#link.answer(publish(open, exchange, routingKey, body, { ...properties, mandatory: true }));
    } catch (error) {
      this.#open = undefined;
      throw this.#link.blocked ? new PublishError('blocked') : error;
    } finally {
      if (this.#open?.closedBecause !== undefined) this.#open = undefined;
      this.#isSending = false;
    }
  }

  async #openChannel(): Promise<OpenChannel> {
    const channel = await this.#link.confirmChannel();
    const open: OpenChannel = { channel, hasReturned: false, closedBecause: undefined };
    channel.on('return', () => (open.hasReturned = true));
    channel.on('error', (error: Error) => (open.closedBecause = error));
    return open;
  }
}

function publish(
  open: OpenChannel,
  exchange: string,
  routingKey: string,
  body: Buffer,
  properties: Options.Publish,
): Promise<LoneAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (nack: unknown): void => {
      const { hasReturned, closedBecause } = open;
      // A message that no queue took is returned and then confirmed.
      if (hasReturned) reject(new PublishError('returned'));
      else if (!nack) resolve({ kind: 'confirmed' });
      else if (closedBecause === undefined) reject(new PublishError('refused'));
      else if (hasReplyCode(closedBecause, PRECONDITION_FAILED))
        resolve({ kind: 'refused', reason: saidIn(closedBecause) });
      else reject(closedBecause);
    };
    try {
      open.channel.publish(exchange, routingKey, body, properties, settle);
    } catch (error) {
      if (error instanceof IllegalOperationError) reject(new PublishError('unavailable'));
      else resolve({ kind: 'unencodable', reason: error instanceof Error ? error.message : String(error) });
    }
  });
}

/** The broker's own words in amqplib's error. */
function saidIn({ message }: Error): string {
  return /with message "(?:PRECONDITION_FAILED - )?(.*)"$/.exec(message)?.[1] ?? message;
}
