import {
  isPermanentRefusal,
  type OutgoingMessage,
  type Publisher,
  webhookMessage,
  type WebhookMessageOptions,
} from '@pdaltagent/messaging';
import { type Destination, type LogEntry, matchesFilter } from '@pdaltagent/webhooks';

/** An entry cannot be converted to a webhook, or not to one that the broker accepts: retrying does not help. */
export class ConversionError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'ConversionError';
  }
}

export interface WebhookPublisherOptions extends WebhookMessageOptions {
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Called for each entry. */
  readonly destinations: () => readonly Destination[];
  /** Called for each webhook that the broker has confirmed. */
  readonly onPublished?: (message: OutgoingMessage) => void;
}

/** Publishes the webhooks of log entries to their lanes, one message per destination that wants it. */
export class WebhookPublisher {
  readonly #options: WebhookPublisherOptions;

  constructor(options: WebhookPublisherOptions) {
    this.#options = options;
  }

  /**
   * Resolves once the broker has confirmed the entry's webhooks for all destinations that want them.
   * @param maybeDuplicate whether they may have been published before
   * @throws PublishError, ConversionError
   */
  async publish(entry: LogEntry, maybeDuplicate: boolean): Promise<void> {
    const { publisher, onPublished } = this.#options;
    const attempts = this.#messagesOf(entry, maybeDuplicate).map((message) =>
      publisher.publish(message).then(() => onPublished?.(message)),
    );
    // All settle before a failure is reported, so that nothing is in flight when the entry is published again.
    const failed = (await Promise.allSettled(attempts)).filter((attempt) => attempt.status === 'rejected');
    // Failures that a retry may fix take precedence over permanent ones.
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
