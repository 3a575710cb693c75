import { type ConfirmChannel, type Options } from 'amqplib';
import { type BrokerClient } from '../inspection/broker-client';
import { maximumSizeIn, PublishError, type PublishFailure } from '../publisher';

const CONFIRM_TIMEOUT_MS = 10_000;

/** Publishes with confirm to existing queues, for one command: declares nothing and retries nothing. */
export class Sender {
  readonly #client: BrokerClient;
  readonly #channel: ConfirmChannel;
  readonly #returned = new Set<string>();
  #hasEnded = false;
  /** Why the broker closed the channel; undefined if it is open, or ended with its connection. */
  #closeReason: string | undefined;

  private constructor(client: BrokerClient, channel: ConfirmChannel) {
    this.#client = client;
    this.#channel = channel;
    // amqplib's own listener, which is registered first, reports everything unconfirmed as refused.
    channel.prependListener('close', () => (this.#hasEnded = true));
    channel.on('error', (error: Error & { readonly code?: unknown }) => {
      if (typeof error.code === 'number') this.#closeReason = error.message;
    });
    channel.on('return', ({ properties }) => this.#returned.add(String(properties.messageId)));
  }

  static async open(client: BrokerClient): Promise<Sender> {
    return new Sender(client, await client.confirmChannel());
  }

  /** Resolves once the broker has stored the message in a queue. @throws PublishError: it may be queued anyway */
  send(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<void> {
    if (this.#client.blocked) return Promise.reject(new PublishError('blocked'));
    return new Promise((resolve, reject) => {
      const fail = (failure: PublishFailure) => {
        cancel();
        reject(new PublishError(failure));
      };
      const cancel = this.#client.clock.after(CONFIRM_TIMEOUT_MS, () =>
        fail(this.#client.blocked ? 'blocked' : 'timeout'),
      );
      try {
        this.#channel.publish(exchange, routingKey, body, { ...properties, mandatory: true }, (error: unknown) => {
          // A message that could not be routed is returned first and then confirmed.
          if (this.#returned.delete(String(properties.messageId))) return fail('returned');
          if (error) return fail(this.#failureOf(body));
          cancel();
          resolve();
        });
      } catch {
        fail('unavailable');
      }
    });
  }

  /** Of a message that is reported as refused. */
  #failureOf(body: Buffer): PublishFailure {
    if (this.#hasEnded && this.#closeReason === undefined) return 'unavailable';
    return body.length > (maximumSizeIn(this.#closeReason) ?? Infinity) ? 'too-large' : 'refused';
  }
}
