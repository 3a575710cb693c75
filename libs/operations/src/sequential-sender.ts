import { type ChannelClosure, messageRefusalIn, PublishChannel, PublishError } from '@pdaltagent/messaging';
import { type Options } from 'amqplib';
import { type BrokerClient } from './broker-client';

/** The result for a message: the broker confirmed it, refused it, or AMQP cannot encode it. */
export type SendResult =
  { readonly kind: 'confirmed' } | { readonly kind: 'refused' | 'unencodable'; readonly reason: string };

/** Called when the channel ends with a message in flight. */
type Ended = (closure: ChannelClosure | undefined) => void;

/**
 * Publishes one message at a time, with confirm, to existing queues. A broker that refuses a message closes the
 * channel without naming the message: it can only be identified if no other is in flight.
 */
export class SequentialSender {
  readonly #client: BrokerClient;
  #channel: PublishChannel | undefined;
  #ended: Ended = () => undefined;
  #isSending = false;

  constructor(client: BrokerClient) {
    this.#client = client;
  }

  /**
   * Must not be called again before it has settled.
   * @throws PublishError, BrokerUnavailable, Error: the message is not the cause; it may be queued anyway
   */
  async send(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<SendResult> {
    if (this.#isSending) throw new Error('the previous message has not settled yet');
    if (this.#client.isBlocked) throw new PublishError('blocked');
    this.#isSending = true;
    try {
      const channel = (this.#channel ??= await this.#open());
      return await this.#client.withTimeout(this.#publish(channel, { exchange, routingKey }, body, properties));
    } catch (error) {
      this.#channel = undefined;
      throw this.#client.isBlocked ? new PublishError('blocked') : error;
    } finally {
      this.#isSending = false;
    }
  }

  async #open(): Promise<PublishChannel> {
    const channel = new PublishChannel(await this.#client.confirmChannel(), {
      onReturned: () => undefined,
      onEnded: (closure) => {
        if (this.#channel === channel) this.#channel = undefined;
        this.#ended(closure);
      },
    });
    return channel;
  }

  #publish(
    channel: PublishChannel,
    to: { readonly exchange: string; readonly routingKey: string },
    body: Buffer,
    properties: Options.Publish,
  ): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      this.#ended = (closure) => {
        const refusal = messageRefusalIn(closure);
        if (refusal !== undefined) resolve({ kind: 'refused', reason: refusal });
        else if (closure === undefined) reject(new PublishError('unavailable'));
        else reject(new Error(closure.reason));
      };
      const sent = channel.send(to, body, { ...properties, mandatory: true }, (settlement) => {
        if (settlement === 'confirmed') resolve({ kind: 'confirmed' });
        else reject(new PublishError(settlement));
      });
      if (sent === 'unencodable') resolve({ kind: 'unencodable', reason: new PublishError('unencodable').message });
      else if (sent === 'ended') reject(new PublishError('unavailable'));
    });
  }
}
