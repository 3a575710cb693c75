import { type Clock, delay, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Options } from 'amqplib';
import { type Log } from './log';
import { type OutgoingMessage } from './message';
import { type Sent, type Settlement } from './publish-channel';
import { PublishingLink } from './publishing-link';
import { type Family, type QueueType } from './topology';

export type PublishFailure = 'unavailable' | 'blocked' | 'timeout' | 'returned' | 'refused' | 'unencodable';

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
  unencodable: 'AMQP has no form for the message: a property or its headers are too long',
};

export interface PublisherOptions {
  readonly url: string;
  readonly name: string;
  readonly family: Family;
  readonly queueType: QueueType;
  /** How long a confirm may take; milliseconds. */
  readonly confirmTimeoutMs?: number;
  readonly log: Log;
  readonly clock?: Clock | undefined;
}

interface Pending {
  /** On the monotonic clock. */
  readonly sentAt: number;
  /** Neither a block nor a late confirm ends it. */
  readonly patient: boolean;
  readonly settle: (failure: PublishFailure | undefined) => void;
}

/** Publishes with confirm: a promise resolves only once the broker has the message durably and in a queue. */
export class Publisher {
  readonly #link: PublishingLink;
  readonly #confirmTimeoutMs: number;
  readonly #pending = new Map<symbol, Pending>();
  readonly #clock: Clock;
  readonly #stopExpiring: () => void;
  #idle: (() => void) | undefined;

  constructor({ confirmTimeoutMs = 10_000, ...options }: PublisherOptions) {
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#confirmTimeoutMs = confirmTimeoutMs;
    this.#link = new PublishingLink({
      ...options,
      lost: () => this.#failAll('unavailable'),
      blocked: () => this.#failAll('blocked', ({ patient }) => !patient),
    });
    this.#stopExpiring = every(this.#clock, 250, () => this.#expire());
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#link.start();
  }

  state(): 'connected' | 'blocked' | 'away' {
    return this.#link.state();
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
    return this.#settled(false, (settle) => this.#link.publish(message, settle));
  }

  /** Publishes anything with confirm, by exchange and routing key. @throws PublishError */
  send(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<void> {
    return this.#settled(false, (settle) => this.#link.send({ exchange, routingKey }, body, properties, settle));
  }

  /**
   * The same, but waits for the confirm as long as the connection stands, also while the broker takes nothing: who publishes
   * again what may still arrive would have it twice.
   * @throws PublishError
   */
  sendPatiently(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<void> {
    return this.#settled(true, (settle) => this.#link.send({ exchange, routingKey }, body, properties, settle));
  }

  /** Waits for what is unconfirmed, at most the confirm timeout, then closes the connection. */
  async close(): Promise<void> {
    if (this.#pending.size > 0) {
      const idle = new Promise<void>((resolve) => (this.#idle = resolve));
      await Promise.race([idle, delay(this.#clock, this.#confirmTimeoutMs)]);
    }
    this.#stopExpiring();
    await this.#link.close();
  }

  #settled(patient: boolean, send: (settle: (settlement: Settlement) => void) => Sent): Promise<void> {
    const state = this.#link.state();
    if (state === 'away') return Promise.reject(new PublishError('unavailable'));
    if (state === 'blocked' && !patient) return Promise.reject(new PublishError('blocked'));
    return new Promise((resolve, reject) => {
      const key = Symbol();
      const settle = (failure: PublishFailure | undefined) => {
        if (!this.#pending.delete(key)) return;
        if (failure === undefined) resolve();
        else reject(new PublishError(failure));
        if (this.#pending.size === 0) this.#idle?.();
      };
      this.#pending.set(key, { sentAt: this.#clock.monotonic(), patient, settle });
      const sent = send((settlement) => settle(settlement === 'confirmed' ? undefined : settlement));
      if (sent !== 'sent') settle(sent === 'ended' ? 'unavailable' : sent);
    });
  }

  #failAll(failure: PublishFailure, which: (pending: Pending) => boolean = () => true): void {
    for (const pending of [...this.#pending.values()]) if (which(pending)) pending.settle(failure);
  }

  /** The map keeps the order of sending, so the first that is young enough ends the search. */
  #expire(): void {
    const oldest = this.#clock.monotonic() - this.#confirmTimeoutMs;
    for (const pending of this.#pending.values()) {
      if (pending.sentAt > oldest) return;
      if (!pending.patient) pending.settle('timeout');
    }
  }
}
