import {
  isNeverTaken,
  type OutgoingMessage,
  type Publisher,
  webhookMessage,
  type WebhookMessageOptions,
} from '@pdaltagent/messaging';
import { type Destination, isWanted, type LogEntry } from '@pdaltagent/webhooks';

/** No webhook can be made of an entry, or none that the broker takes: another attempt would end alike. */
export class NoWebhook extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'NoWebhook';
  }
}

export interface PublicationOptions extends WebhookMessageOptions {
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Asked anew for each entry. */
  readonly destinations: () => readonly Destination[];
}

/** Puts the webhooks of log entries on their lanes, one message per destination that wants it. */
export class Publication {
  readonly #options: PublicationOptions;

  constructor(options: PublicationOptions) {
    this.#options = options;
  }

  /**
   * Resolves once the broker confirmed the entry's webhooks for all destinations that want them.
   * @param again whether they may have been published before
   * @throws PublishError, NoWebhook
   */
  async publish(entry: LogEntry, again: boolean): Promise<void> {
    const { publisher } = this.#options;
    const attempts = this.#messagesOf(entry, again).map((message) => publisher.publish(message));
    // All settle before one is reported, so that nothing is still on its way when the entry is published again.
    const failed = (await Promise.allSettled(attempts)).filter((attempt) => attempt.status === 'rejected');
    // What may still be published is tried again before anything is set aside.
    const passing = failed.find(({ reason }) => !isNeverTaken(reason));
    if (passing !== undefined) throw passing.reason;
    if (failed[0] !== undefined) throw new NoWebhook(failed[0].reason);
  }

  #messagesOf(entry: LogEntry, again: boolean): readonly OutgoingMessage[] {
    try {
      const wanting = this.#options.destinations().filter(({ filter }) => isWanted(filter, entry));
      return wanting.map((destination) => ({
        ...webhookMessage(entry, destination, this.#options),
        ...(again ? { maybeDuplicate: again } : {}),
      }));
    } catch (error) {
      throw new NoWebhook(error);
    }
  }
}
