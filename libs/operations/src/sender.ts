import {
  ACCESS_REFUSED,
  type ChannelClosure,
  maximumSizeIn,
  PublishChannel,
  PublishError,
  type PublishFailure,
} from '@pdaltagent/messaging';
import { type ConfirmChannel, type Options } from 'amqplib';
import { type BrokerClient } from './broker-client';

const CONFIRM_TIMEOUT_MS = 10_000;

interface Unsettled {
  /** Of its body. */
  readonly bytes: number;
  readonly fail: (failure: PublishFailure, detail?: string) => void;
}

/** Publishes with confirm to existing queues, for one command: declares nothing and retries nothing. */
export class Sender {
  readonly #client: BrokerClient;
  readonly #channel: PublishChannel;
  readonly #unsettled = new Set<Unsettled>();

  private constructor(client: BrokerClient, channel: ConfirmChannel) {
    this.#client = client;
    this.#channel = new PublishChannel(channel, {
      onReturned: () => undefined,
      onEnded: (closure) => this.#onEnded(closure),
    });
  }

  static async open(client: BrokerClient): Promise<Sender> {
    return new Sender(client, await client.confirmChannel());
  }

  /** Resolves once the broker has stored the message in a queue. @throws PublishError: it may be queued anyway */
  send(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<void> {
    if (this.#client.isBlocked) return Promise.reject(new PublishError('blocked'));
    return new Promise((resolve, reject) => {
      const settle = () => {
        cancel();
        this.#unsettled.delete(unsettled);
      };
      const fail = (failure: PublishFailure, detail?: string) => {
        settle();
        reject(new PublishError(failure, detail));
      };
      const unsettled: Unsettled = { bytes: body.length, fail };
      this.#unsettled.add(unsettled);
      const cancel = this.#client.clock.after(CONFIRM_TIMEOUT_MS, () =>
        fail(this.#client.isBlocked ? 'blocked' : 'timeout'),
      );
      const options = { ...properties, mandatory: true };
      const sent = this.#channel.send({ exchange, routingKey }, body, options, (settlement) => {
        if (settlement !== 'confirmed') return fail(settlement);
        settle();
        resolve();
      });
      if (sent !== 'sent') fail(sent === 'ended' ? 'unavailable' : sent);
    });
  }

  /** A broker that closed the channel does not report because of which message, but which size it accepts. */
  #onEnded(closure: ChannelClosure | undefined): void {
    const maximumBytes = maximumSizeIn(closure?.reason) ?? Infinity;
    const isUserRefused = closure?.replyCode === ACCESS_REFUSED;
    for (const { bytes, fail } of [...this.#unsettled]) {
      // No other message would be accepted either.
      if (isUserRefused) fail('forbidden', closure.reason);
      else fail(closure === undefined ? 'unavailable' : bytes > maximumBytes ? 'too-large' : 'refused');
    }
  }
}
