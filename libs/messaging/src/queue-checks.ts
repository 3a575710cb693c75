import { type Channel, type ChannelModel, type Replies } from 'amqplib';
import { hasReplyCode, NOT_FOUND } from './connect';

/**
 * Asks the broker about queues, on a channel of its own: the broker closes the channel over which a missing queue is declared
 * passively (404).
 */
export class QueueChecks {
  readonly #connection: ChannelModel;
  readonly #onMissing: () => void;
  #channel: Promise<Channel> | undefined;

  /** @param onMissing called for each missing queue that is asked about */
  constructor(connection: ChannelModel, onMissing: () => void) {
    this.#connection = connection;
    this.#onMissing = onMissing;
  }

  /** @returns undefined if the queue is missing, or the broker did not say */
  async stateOf(queue: string): Promise<Replies.AssertQueue | undefined> {
    const opening = (this.#channel ??= this.#open());
    try {
      return await (await opening).checkQueue(queue);
    } catch (error) {
      if (this.#channel === opening) this.#channel = undefined;
      if (hasReplyCode(error, NOT_FOUND)) this.#onMissing();
      return undefined;
    }
  }

  async #open(): Promise<Channel> {
    const channel = await this.#connection.createChannel();
    channel.on('error', () => undefined);
    return channel;
  }
}
