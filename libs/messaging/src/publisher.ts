import { type ChannelModel, type ConfirmChannel, type Options } from 'amqplib';
import { type Log } from './log';
import { type OutgoingMessage, toProperties } from './message';
import { Session } from './session';
import { declareTopology, type Family, laneKey, laneOf, type QueueType } from './topology';

export type PublishFailure = 'unavailable' | 'blocked' | 'timeout' | 'returned' | 'refused';

/** The broker did not confirm a message: it may or may not be queued. */
export class PublishError extends Error {
  readonly code: PublishFailure;

  constructor(code: PublishFailure) {
    super(EXPLANATIONS[code]);
    this.name = 'PublishError';
    this.code = code;
  }
}

const EXPLANATIONS: Readonly<Record<PublishFailure, string>> = {
  unavailable: 'the broker is away',
  blocked: 'the broker takes nothing: it is short of memory or disk',
  timeout: 'the broker did not confirm in time',
  returned: 'no queue took the message',
  refused: 'the broker refused the message',
};

export interface PublisherOptions {
  readonly url: string;
  readonly name: string;
  readonly family: Family;
  readonly queueType: QueueType;
  /** How long a confirm may take; milliseconds. */
  readonly confirmTimeoutMs?: number;
  readonly log: Log;
}

interface Pending {
  readonly sentAt: number;
  readonly settle: (failure: PublishFailure | undefined) => void;
}

/** Publishes with confirm: a promise resolves only once the broker has the message durably and in a queue. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #session: Session;
  readonly #confirmTimeoutMs: number;
  readonly #pending = new Map<symbol, Pending>();
  readonly #returned = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #channel: ConfirmChannel | undefined;
  #blocked = false;
  #idle: (() => void) | undefined;
  #redeclare: () => void = () => undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#confirmTimeoutMs = options.confirmTimeoutMs ?? 10_000;
    this.#session = new Session({
      url: options.url,
      name: options.name,
      log: options.log,
      open: async (connection) => {
        const channel = await connection.createConfirmChannel();
        channel.on('error', (error) => options.log.error('publishing channel failed', { error: error.message }));
        channel.on('close', () => this.#lose(channel));
        channel.on('return', (message) => this.#returned.add(String(message.properties.messageId)));
        await declareTopology(connection, options.family, options.queueType);
        this.#redeclare = redeclaration(connection, options);
        this.#channel = channel;
      },
      lost: () => this.#lose(this.#channel),
      blocked: (reason) => {
        this.#blocked = true;
        options.log.warn('the broker takes no messages', { reason });
        this.#failAll('blocked');
      },
      unblocked: () => {
        this.#blocked = false;
        options.log.info('the broker takes messages again');
      },
    });
    this.#timer = setInterval(() => this.#expire(), 250);
    this.#timer.unref();
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#session.start();
  }

  state(): 'connected' | 'blocked' | 'away' {
    if (this.#channel === undefined) return 'away';
    return this.#blocked ? 'blocked' : 'connected';
  }

  /** Messages sent and not yet confirmed. */
  get unconfirmed(): number {
    return this.#pending.size;
  }

  /**
   * Publishes to the lane of the message's routing key.
   * @throws PublishError where it was not confirmed; it may be queued all the same
   */
  publish(message: OutgoingMessage): Promise<void> {
    const { family } = this.#options;
    const lane = laneKey(laneOf(family, message.routingKey));
    return this.send(family.exchange, lane, message.body, toProperties(message));
  }

  /** Publishes anything with confirm, by exchange and routing key. @throws PublishError */
  send(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<void> {
    const channel = this.#channel;
    if (channel === undefined) return Promise.reject(new PublishError('unavailable'));
    if (this.#blocked) return Promise.reject(new PublishError('blocked'));
    return new Promise((resolve, reject) => {
      const key = Symbol();
      const id = String(properties.messageId);
      const pending: Pending = {
        sentAt: Date.now(),
        settle: (failure) => {
          if (!this.#pending.delete(key)) return;
          if (failure === undefined) resolve();
          else reject(new PublishError(failure));
          if (this.#pending.size === 0) this.#idle?.();
        },
      };
      this.#pending.set(key, pending);
      const confirmed = (error: unknown) => {
        // A message that no queue took is returned and then confirmed all the same.
        const wasReturned = this.#returned.delete(id);
        if (wasReturned) this.#redeclare();
        pending.settle(wasReturned ? 'returned' : error ? 'refused' : undefined);
      };
      try {
        channel.publish(exchange, routingKey, body, { mandatory: true, ...properties }, confirmed);
      } catch {
        // The channel closed a moment ago and its event has not come yet.
        pending.settle('unavailable');
      }
    });
  }

  /** Waits for what is unconfirmed, at most the confirm timeout, then closes the connection. */
  async close(): Promise<void> {
    if (this.#pending.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    clearInterval(this.#timer);
    await this.#session.close();
  }

  #lose(channel: ConfirmChannel | undefined): void {
    if (channel === undefined || channel !== this.#channel) return;
    this.#channel = undefined;
    this.#blocked = false;
    this.#returned.clear();
    this.#failAll('unavailable');
    this.#session.reconnect();
  }

  #failAll(failure: PublishFailure): void {
    for (const pending of [...this.#pending.values()]) pending.settle(failure);
  }

  /** The map keeps the order of sending, so the first that is young enough ends the search. */
  #expire(): void {
    const oldest = Date.now() - this.#confirmTimeoutMs;
    for (const pending of this.#pending.values()) {
      if (pending.sentAt > oldest) return;
      pending.settle('timeout');
    }
  }
}

/** A queue was deleted under us: declares everything again, once at a time, so that the next attempt finds it. */
function redeclaration(connection: ChannelModel, { family, queueType, log }: PublisherOptions): () => void {
  let running = false;
  return () => {
    if (running) return;
    running = true;
    log.error('no queue took a message: declaring the topology again', { exchange: family.exchange });
    declareTopology(connection, family, queueType)
      .catch((error: unknown) => log.error('the topology cannot be declared', { error }))
      .finally(() => (running = false));
  };
}
