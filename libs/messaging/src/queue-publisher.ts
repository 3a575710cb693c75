import { type Clock } from '@pdaltagent/clock';
import { type Options } from 'amqplib';
import {
  type ChannelClosure,
  maximumSizeIn,
  messageRefusalIn,
  type PublishChannel,
  type Settlement,
} from './publish-channel';
import { type PublishConnection } from './publish-connection';

/**
 * About as many as a lane's window. If the queue does not answer, 199 stall its channel only, 256 the connection: RabbitMQ grants a
 * channel credit for 400 messages, and further credit after 200, but none while the queue is slow (3.10.8, `credit_flow.erl`).
 */
const MAX_UNCONFIRMED = 192;
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
  /** The broker never accepts it, and it is sent no more. Without this it waits, as do those after it: their order matters. */
  readonly onRefused?: (why: Refusal) => void;
}

/** Why a message can never be sent: the broker closes the channel because of it, or AMQP cannot encode it. */
export type Refusal = 'refused' | 'too-large' | 'unencodable';

type OpenChannel = Pick<PublishChannel, 'send' | 'unsettled' | 'close'>;

export interface QueuePublisherOptions {
  readonly exchange: string;
  readonly routingKey: string;
  readonly connection: Pick<PublishConnection, 'state' | 'accepts'> & {
    openChannel(...args: Parameters<PublishConnection['openChannel']>): Promise<OpenChannel>;
  };
  readonly onStopped: () => void;
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
  /** When something was last confirmed, or nothing had to be; monotonic. */
  #progressAt = Number.NEGATIVE_INFINITY;
  #retryAt = Number.NEGATIVE_INFINITY;
  /** The last one that can never be sent. */
  #refused: { readonly publication: Publication; readonly why: Refusal } | undefined;
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
    for (const publication of publications) this.#confirmed.delete(publication);
  }

  /** Called several times a second. */
  check(): void {
    const now = this.#options.clock.monotonic();
    const [oldest] = this.#waiting;
    const isConnected = this.#options.connection.state() === 'connected';
    if (isConnected && (oldest === undefined || this.#refusalOf(oldest) === undefined)) this.#stuckSince = undefined;
    else this.#stuckSince ??= now;
    if (!isConnected || this.#channel === undefined || this.#channel.unsettled === 0) this.#progressAt = now;
    const timeoutMs = this.#hasConfirmed ? CONFIRM_TIMEOUT_MS : FIRST_CONFIRM_TIMEOUT_MS;
    if (now - this.#progressAt > timeoutMs) this.#fail();
    else this.#pump();
  }

  /** What is not confirmed yet may still arrive. */
  stop(): void {
    this.#hasStopped = true;
    this.#waiting = [];
    this.#dropChannel();
    this.#options.onStopped();
  }

  #refusalOf(publication: Publication): Refusal | undefined {
    if (publication === this.#refused?.publication) return this.#refused.why;
    return this.#options.connection.accepts(publication.body.length) ? undefined : 'too-large';
  }

  #pump(): void {
    if (this.#hasStopped || this.#options.connection.state() !== 'connected') return;
    if (this.#channel === undefined) {
      if (this.#next() !== undefined && this.#options.clock.monotonic() >= this.#retryAt) void this.#open();
      return;
    }
    while (this.#channel !== undefined && this.#channel.unsettled < (this.#hasConfirmed ? MAX_UNCONFIRMED : 1)) {
      const next = this.#next();
      if (next === undefined) return;
      this.#send(this.#channel, next);
    }
  }

  /** The next message that can be sent. Reports those before it that never can, unless their order matters. */
  #next(): Publication | undefined {
    for (;;) {
      const next = this.#waiting[this.#sent];
      const refusal = next && this.#refusalOf(next);
      if (next === undefined || refusal === undefined) return next;
      if (next.onRefused === undefined) return undefined;
      this.#waiting.splice(this.#sent, 1);
      next.onRefused(refusal);
    }
  }

  #send(channel: OpenChannel, publication: Publication): void {
    const { exchange, routingKey, clock } = this.#options;
    const { body, properties, onSent } = publication;
    if (channel.unsettled === 0) this.#progressAt = clock.monotonic();
    onSent?.();
    const settle = (settlement: Settlement): void => this.#onSettled(channel, publication, settlement);
    const status = channel.send({ exchange, routingKey }, body, properties, settle);
    if (status === 'sent') this.#sent += 1;
    else if (status === 'unencodable') this.#refused = { publication, why: status };
    else this.#fail();
  }

  #onSettled(channel: OpenChannel, publication: Publication, settlement: Settlement): void {
    if (channel !== this.#channel) return;
    if (settlement !== 'confirmed') return this.#fail();
    this.#progressAt = this.#options.clock.monotonic();
    this.#hasConfirmed = true;
    // Otherwise it was withdrawn.
    if (this.#waiting.includes(publication)) this.#confirmed.add(publication);
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
      const channel = await this.#options.connection.openChannel((closure) => {
        if (channel === this.#channel) this.#onEnded(closure);
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

  /** The broker does not name the message because of which it closes a channel: it is known if no other was in flight. */
  #onEnded(closure: ChannelClosure | undefined): void {
    const [publication] = this.#waiting;
    const isAlone = this.#sent === 1 && this.#channel?.unsettled === 1;
    const isSize = maximumSizeIn(closure?.reason) !== undefined;
    if (messageRefusalIn(closure) !== undefined && !isSize && isAlone && publication !== undefined)
      this.#refused = { publication, why: 'refused' };
    this.#fail();
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
