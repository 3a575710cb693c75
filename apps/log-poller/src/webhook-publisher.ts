import {
  isPermanentRefusal,
  type OutgoingMessage,
  type Publisher,
  webhookMessage,
  type WebhookMessageOptions,
} from '@pdaltagent/messaging';
import { type Destination, type LogEntry, matchesFilter } from '@pdaltagent/webhooks';

/** No webhook can be made of an entry, or none that the broker takes: another attempt would end alike. */
export class ConversionError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'ConversionError';
  }
}

export interface WebhookPublisherOptions extends WebhookMessageOptions {
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Asked anew for each entry. */
  readonly destinations: () => readonly Destination[];
}

/** Puts the webhooks of log entries on their lanes, one message per destination that wants it. */
export class WebhookPublisher {
  readonly #options: WebhookPublisherOptions;

  constructor(options: WebhookPublisherOptions) {
    this.#options = options;
  }

  /**
   * Resolves once the broker confirmed the entry's webhooks for all destinations that want them.
   * @param maybeDuplicate whether they may have been published before
   * @throws PublishError, ConversionError
   */
  async publish(entry: LogEntry, maybeDuplicate: boolean): Promise<void> {
    const { publisher } = this.#options;
    const attempts = this.#messagesOf(entry, maybeDuplicate).map((message) => publisher.publish(message));
    // All settle before one is reported, so that nothing is still on its way when the entry is published again.
    const failed = (await Promise.allSettled(attempts)).filter((attempt) => attempt.status === 'rejected');
    // What may still be published is tried again before anything is set aside.
    const transient = failed.find(({ reason }) => !isPermanentRefusal(reason));
    if (transient !== undefined) throw transient.reason;
    if (failed[0] !== undefined) throw new ConversionError(failed[0].reason);
  }

  #messagesOf(entry: LogEntry, maybeDuplicate: boolean): readonly OutgoingMessage[] {
    try {
      const destinations = this.#options.destinations().filter(({ filter }) => matchesFilter(filter, entry));
      return destinations.map((destination) => ({
        ...webhookMessage(entry, destination, this.#options),
        ...(maybeDuplicate ? { maybeDuplicate } : {}),
      }));
    } catch (error) {
      throw new ConversionError(error);
    }
  }
}
