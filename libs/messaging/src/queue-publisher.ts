import { type Clock } from '@pdaltagent/clock';
import { type Options } from 'amqplib';
import { type PublishChannel, type Settlement } from './publish-channel';
import { type Publisher } from './publisher';

/** More could stall the channel, and with it the connection, if the queue does not answer (RabbitMQ 3.10.8). */
const MAX_UNCONFIRMED = 64;
const RETRY_MS = 1_000;
/** After a break between two nodes RabbitMQ may never confirm what a channel sends, unless 32 are unconfirmed. */
const CONFIRM_TIMEOUT_MS = 10_000;
/** A queue that does not answer refuses the first message of a channel after 65 s. */
const FIRST_CONFIRM_TIMEOUT_MS = 70_000;
/** A shorter block is not worth an action. */
const STUCK_AFTER_MS = 1_000;

/** A message to be published. */
export interface Publication {
  readonly body: Buffer;
  readonly properties: Options.Publish;
  /** It is about to be sent, possibly not for the first time. */
  readonly onSent?: () => void;
  /** It and all those before it are in the queue. */
  readonly onConfirmed?: () => void;
}

type OpenChannel = Pick<PublishChannel, 'send' | 'unsettled' | 'close'>;

export interface QueuePublisherOptions {
  readonly exchange: string;
  readonly routingKey: string;
  readonly publisher: Pick<Publisher, 'state' | 'accepts'> & {
    /** @throws Error if the broker is unreachable */
    openChannel(onEnded: () => void): Promise<OpenChannel>;
  };
  readonly clock: Clock;
}

/**
 * Publishes to one queue, on a channel of its own, so that a queue that does not answer delays no other. The first message of a
 * channel travels alone: until it is confirmed, RabbitMQ may refuse messages one by one. After any failure everything is sent again
 * from the oldest unconfirmed on, over another channel: whatever arrives late, the first arrivals are in order (invariants I5 and I9).
 */
export class QueuePublisher {
  readonly #options: QueuePublisherOptions;
  /** Unconfirmed, in order; those that were sent over the current channel come first. */
  #waiting: Publication[] = [];
  #sent = 0;
  readonly #confirmed = new Set<Publication>();
  #channel: OpenChannel | undefined;
  #isOpening = false;
  #hasConfirmed = false;
  #hasStopped = false;
  /** When something was last sent or confirmed, or the broker did not block publishing; monotonic. */
  #progressAt = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;
  /** AMQP cannot encode it. */
  #unencodable: Publication | undefined;
  /** Since when nothing can be sent; monotonic. */
  #stuckSince: number | undefined;

  constructor(options: QueuePublisherOptions) {
    this.#options = options;
  }

  /** Whether nothing can be sent: the broker blocks publishing or is unreachable, or does not accept the oldest message. */
  get isStuck(): boolean {
    const { clock } = this.#options;
    return this.#stuckSince !== undefined && clock.monotonic() - this.#stuckSince >= STUCK_AFTER_MS;
  }

  send(publication: Publication): void {
    this.#waiting.push(publication);
    this.#pump();
  }

  /** Sends these no more. Those that were sent may still arrive. */
  withdraw(publications: ReadonlySet<Publication>): void {
    this.#sent -= this.#waiting.slice(0, this.#sent).filter((publication) => publications.has(publication)).length;
    this.#waiting = this.#waiting.filter((publication) => !publications.has(publication));
  }

  /** To be called several times a second. */
  check(): void {
    const now = this.#options.clock.monotonic();
    const [oldest] = this.#waiting;
    const isConnected = this.#options.publisher.state() === 'connected';
    if (isConnected && (oldest === undefined || this.#accepts(oldest))) this.#stuckSince = undefined;
    else this.#stuckSince ??= now;
    if (!isConnected || this.#sent === 0) this.#progressAt = now;
    const timeoutMs = this.#hasConfirmed ? CONFIRM_TIMEOUT_MS : FIRST_CONFIRM_TIMEOUT_MS;
    if (now - this.#progressAt > timeoutMs) this.#fail();
    else this.#pump();
  }

  /** What is not confirmed yet may still arrive. */
  stop(): void {
    this.#hasStopped = true;
    this.#waiting = [];
    this.#dropChannel();
  }

  #accepts(publication: Publication): boolean {
    return publication !== this.#unencodable && this.#options.publisher.accepts(publication.body.length);
  }

  #pump(): void {
    if (this.#hasStopped || this.#options.publisher.state() !== 'connected') return;
    if (this.#channel === undefined) {
      if (this.#waiting.length > 0 && this.#options.clock.monotonic() >= this.#retryAt) void this.#open();
      return;
    }
    while (this.#channel.unsettled < (this.#hasConfirmed ? MAX_UNCONFIRMED : 1)) {
      const next = this.#waiting[this.#sent];
      if (next === undefined || !this.#accepts(next)) return;
      this.#sent += 1;
      this.#send(this.#channel, next);
      if (this.#channel === undefined) return;
    }
  }

  #send(channel: OpenChannel, publication: Publication): void {
    const { exchange, routingKey, clock } = this.#options;
    const { body, properties, onSent } = publication;
    this.#progressAt = clock.monotonic();
    onSent?.();
    const settle = (settlement: Settlement): void => this.#onSettled(channel, publication, settlement);
    const status = channel.send({ exchange, routingKey }, body, properties, settle);
    if (status === 'unencodable') this.#unencodable = publication;
    if (status !== 'sent') this.#fail();
  }

  #onSettled(channel: OpenChannel, publication: Publication, settlement: Settlement): void {
    if (channel !== this.#channel) return;
    if (settlement !== 'confirmed') return this.#fail();
    this.#progressAt = this.#options.clock.monotonic();
    this.#hasConfirmed = true;
    this.#confirmed.add(publication);
    for (;;) {
      const [oldest] = this.#waiting;
      if (oldest === undefined || !this.#confirmed.delete(oldest)) break;
      this.#waiting.shift();
      this.#sent -= 1;
      oldest.onConfirmed?.();
    }
    this.#pump();
  }

  async #open(): Promise<void> {
    if (this.#isOpening) return;
    this.#isOpening = true;
    try {
      const channel = await this.#options.publisher.openChannel(() => {
        if (channel === this.#channel) this.#fail();
      });
      if (this.#hasStopped) return channel.close();
      this.#channel = channel;
      this.#pump();
    } catch {
      // The publishing connection was lost: the next check tries again.
    } finally {
      this.#isOpening = false;
    }
  }

  /** `check` opens the next channel. */
  #fail(): void {
    this.#retryAt = this.#options.clock.monotonic() + RETRY_MS;
    this.#dropChannel();
  }

  #dropChannel(): void {
    this.#channel?.close();
    this.#channel = undefined;
    this.#sent = 0;
    this.#hasConfirmed = false;
    this.#confirmed.clear();
  }
}
