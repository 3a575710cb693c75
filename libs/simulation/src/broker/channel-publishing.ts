import { type BrokerState } from './broker-state';
import { type ChannelQueues } from './channel-queues';
import { type BrokerMessage } from './queue-message';
import { type ReplyCode } from './reply-code';

interface ChannelPublishingOptions {
  readonly state: BrokerState;
  readonly queues: ChannelQueues;
  /** The broker closes the channel. */
  readonly fail: (code: ReplyCode, reason: string) => void;
  readonly returned: (message: BrokerMessage) => void;
  readonly confirmed: (publish: number, isTaken: boolean, message: BrokerMessage) => void;
  /** A message was processed. */
  readonly published: () => void;
  /** The channel may have credit again. */
  readonly credited: () => void;
}

/** Messages that a reader may pass to a channel before the channel grants more, and how many the channel grants at a time. */
const CREDIT = { initial: 400, more: 200 };

/** What a channel publishes, and its credit for doing so. */
export class ChannelPublishing {
  readonly #options: ChannelPublishingOptions;
  readonly #maxMessageSize: number;
  #isConfirming = false;
  #publishes = 0;
  #credit = CREDIT.initial;
  #processed = 0;

  constructor(options: ChannelPublishingOptions) {
    this.#options = options;
    this.#maxMessageSize = options.state.maxMessageSize;
  }

  get isOutOfCredit(): boolean {
    return this.#credit === 0;
  }

  selectConfirms(): void {
    this.#isConfirming = true;
  }

  /** The reader passes a message on. */
  takeCredit(): void {
    this.#credit -= 1;
  }

  publish(message: BrokerMessage, isMandatory: boolean): void {
    const { state, queues, fail, returned, published } = this.#options;
    const { exchanges } = state;
    const maxMessageSize = this.#maxMessageSize;
    const { exchange, routingKey, content } = message;
    if (content.length > maxMessageSize)
      return fail(406, `message size ${content.length} is larger than configured max size ${maxMessageSize}`);
    if (!exchanges.has(exchange)) return fail(404, `no exchange '${exchange}'`);
    this.#publishes += 1;
    const number = this.#publishes;
    const targets = exchanges.route(exchange, routingKey);
    if (targets.length === 0) {
      if (isMandatory) returned(message);
      this.#confirm(number, true, message);
    }
    let remaining = targets.length;
    for (const queue of targets) {
      queues.enqueue(
        queue,
        () => queue.state.enqueue(message),
        () => {
          remaining -= 1;
          if (remaining === 0) this.#confirm(number, true, message);
        },
        () => this.#confirm(number, false, message),
      );
    }
    this.#processed += 1;
    this.grantCredit();
    published();
  }

  /** While a queue is slow the channel grants its reader nothing. */
  grantCredit(): void {
    if (this.#options.queues.isAnySlow) return;
    while (this.#processed >= CREDIT.more) {
      this.#processed -= CREDIT.more;
      this.#credit += CREDIT.more;
    }
    this.#options.credited();
  }

  #confirm(publish: number, isTaken: boolean, message: BrokerMessage): void {
    if (this.#isConfirming) this.#options.confirmed(publish, isTaken, message);
  }
}
