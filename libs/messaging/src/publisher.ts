import { type Clock, delay, every, type Random, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Options } from 'amqplib';
import { type Connect } from './connect';
import { type Log } from './log';
import { type OutgoingMessage } from './message';
import { type ChannelClosure, type PublishChannel, type SendStatus, type Settlement } from './publish-channel';
import { PublishConnection, type Target } from './publish-connection';
import { type LaneGroup, type QueueType } from './topology';

export type PublishFailure =
  'unavailable' | 'blocked' | 'timeout' | 'returned' | 'refused' | 'too-large' | 'unencodable';

/** The broker did not confirm a message: it may or may not be queued. */
export class PublishError extends Error {
  readonly code: PublishFailure;

  constructor(code: PublishFailure) {
    super(EXPLANATIONS[code]);
    this.name = 'PublishError';
    this.code = code;
  }
}

/** Retrying does not help for these. */
const PERMANENT_FAILURES: ReadonlySet<PublishFailure> = new Set(['too-large', 'unencodable']);

/** Whether the message itself was refused: with its current configuration the broker will never accept it. */
export function isPermanentRefusal(error: unknown): error is PublishError {
  return error instanceof PublishError && PERMANENT_FAILURES.has(error.code);
}

const EXPLANATIONS: Readonly<Record<PublishFailure, string>> = {
  unavailable: 'the broker is unreachable',
  blocked: 'the broker blocks publishing: it is short of memory or disk space',
  timeout: 'the broker did not confirm in time',
  returned: 'the message could not be routed to a queue',
  refused: 'the broker refused the message',
  'too-large': 'the message is larger than max_message_size of the broker',
  unencodable: 'the message cannot be encoded: a property or its headers are too long',
};

export interface PublisherOptions {
  readonly url: string;
  readonly name: string;
  readonly laneGroup: LaneGroup;
  readonly queueType: QueueType;
  /** Timeout for a confirm; milliseconds. */
  readonly confirmTimeoutMs?: number;
  readonly log: Log;
  readonly connect?: Connect | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/**
 * RabbitMQ's reason for closing the channel after a message over `max_message_size`: `check_msg_size` in
 * `rabbit_channel.erl` of 3.10.
 */
const TOO_LARGE = /message size \d+ is larger than (?:configured )?max size (\d+)/;

/** The largest body that the broker accepts, in bytes, if that is why it closed a channel. */
export function maximumSizeIn(closeReason: string | undefined): number | undefined {
  const bytes = TOO_LARGE.exec(closeReason ?? '')?.[1];
  return bytes === undefined ? undefined : Number(bytes);
}

/** The limit may be raised without a restart of the broker; it then applies to new channels. */
const FORGET_MAXIMUM_MS = 60_000;

interface Pending {
  /** Undefined if it need not reach a queue. */
  readonly to: Target | undefined;
  /** Of its body. */
  readonly bytes: number;
  /** On the monotonic clock. */
  readonly sentAt: number;
  readonly settle: (failure: PublishFailure | undefined) => void;
}

/** Publishes with confirm: the promise resolves only once the broker has stored the message in a queue. */
export class Publisher {
  readonly #connection: PublishConnection;
  readonly #confirmTimeoutMs: number;
  readonly #pending = new Map<symbol, Pending>();
  readonly #clock: Clock;
  readonly #stopExpiring: () => void;
  #idle: (() => void) | undefined;
  /** The largest body that the broker accepts, once it has refused one; bytes. */
  #maximumBytes = Infinity;
  #cancelForgetting: () => void = () => undefined;

  constructor({ confirmTimeoutMs = 10_000, ...options }: PublisherOptions) {
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#confirmTimeoutMs = confirmTimeoutMs;
    this.#connection = new PublishConnection({
      ...options,
      onLost: (closure) => this.#lose(closure),
      onBlocked: () => this.#failAll('blocked'),
    });
    this.#stopExpiring = every(this.#clock, 250, () => this.#expire());
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#connection.start();
  }

  state(): 'connected' | 'blocked' | 'unreachable' {
    return this.#connection.state();
  }

  /** Whether the broker accepts bodies of this size, as far as is known. */
  accepts(bytes: number): boolean {
    return bytes <= this.#maximumBytes;
  }

  /** Messages sent and not yet confirmed. */
  get unconfirmed(): number {
    return this.#pending.size;
  }

  /**
   * Publishes to the lane of the message's routing key.
   * @throws PublishError if it was not confirmed; it may be queued anyway
   */
  publish(message: OutgoingMessage): Promise<void> {
    const pending = { to: this.#connection.laneOf(message), bytes: message.body.length };
    return this.#whenSettled(pending, (settle) => this.#connection.publish(message, settle));
  }

  /** Publishes to any exchange and routing key, with confirm. @throws PublishError */
  send(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<void> {
    const target = { exchange, routingKey };
    const to = properties.mandatory === false ? undefined : target;
    return this.#whenSettled({ to, bytes: body.length }, (settle) =>
      this.#connection.send(target, body, properties, settle),
    );
  }

  /** Opens a channel for one queue, which does not delay others. @throws Error if the broker is unreachable */
  openChannel(onEnded: () => void): Promise<PublishChannel> {
    return this.#connection.openChannel({
      onEnded: (closure) => {
        const maximum = maximumSizeIn(closure?.reason);
        if (maximum !== undefined) this.#learnMaximum(maximum);
        onEnded();
      },
    });
  }

  /** Waits for unconfirmed messages, at most the confirm timeout, then closes the connection. */
  async close(): Promise<void> {
    if (this.#pending.size > 0) {
      const idle = new Promise<void>((resolve) => (this.#idle = resolve));
      await Promise.race([idle, delay(this.#clock, this.#confirmTimeoutMs)]);
    }
    this.#stopExpiring();
    await this.#connection.close();
  }

  #whenSettled(
    { to, bytes }: Pick<Pending, 'to' | 'bytes'>,
    send: (settle: (settlement: Settlement) => void) => SendStatus,
  ): Promise<void> {
    if (!this.accepts(bytes)) return Promise.reject(new PublishError('too-large'));
    const state = this.#connection.state();
    if (state === 'unreachable') return Promise.reject(new PublishError('unavailable'));
    if (state === 'blocked') return Promise.reject(new PublishError('blocked'));
    return new Promise((resolve, reject) => {
      const key = Symbol();
      const settle = (failure: PublishFailure | undefined) => {
        if (!this.#pending.delete(key)) return;
        if (failure === undefined) resolve();
        else reject(new PublishError(failure));
        if (this.#pending.size === 0) this.#idle?.();
      };
      this.#pending.set(key, { to, bytes, sentAt: this.#clock.monotonic(), settle });
      const sent = send((settlement) => settle(settlement === 'confirmed' ? undefined : settlement));
      if (sent !== 'sent') settle(sent === 'ended' ? 'unavailable' : sent);
    });
  }

  /** The broker does not report which message it refused, but which size. */
  #lose(closure: ChannelClosure | undefined): void {
    this.#learnMaximum(maximumSizeIn(closure?.reason));
    this.#failAll('too-large', ({ bytes }) => !this.accepts(bytes));
    this.#failAll('unavailable');
  }

  #learnMaximum(bytes: number | undefined): void {
    this.#cancelForgetting();
    this.#maximumBytes = bytes ?? Infinity;
    if (bytes !== undefined) {
      this.#cancelForgetting = this.#clock.after(FORGET_MAXIMUM_MS, () => (this.#maximumBytes = Infinity));
    }
  }

  #failAll(failure: PublishFailure, which: (pending: Pending) => boolean = () => true): void {
    for (const pending of [...this.#pending.values()]) if (which(pending)) pending.settle(failure);
  }

  /** The map is in the order of sending, so the first message that is recent enough ends the loop. */
  #expire(): void {
    const oldest = this.#clock.monotonic() - this.#confirmTimeoutMs;
    for (const pending of this.#pending.values()) {
      if (pending.sentAt > oldest) return;
      if (pending.to !== undefined) this.#connection.doubt(pending.to);
      pending.settle('timeout');
    }
  }
}
