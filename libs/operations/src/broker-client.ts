import { accessRefusalIn, amqplibConnect, hasReplyCode, NoReply, replyTo } from '@pdaltagent/messaging';
import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel, type ChannelModel } from 'amqplib';

export interface BrokerClientOptions {
  /** amqp:// or amqps://; Celery's pyamqp:// is understood. */
  readonly url: string;
  /** Certificates (PEM) of authorities to trust in addition to Node's own. */
  readonly authorities?: readonly string[];
  /** Shown in the broker's list of connections. */
  readonly name: string;
  /** Timeout for one request to the broker; milliseconds, by default 5 s. */
  readonly timeoutMs?: number;
  readonly clock?: Clock | undefined;
}

/** The broker cannot be reached, or stopped responding. */
export class BrokerUnavailable extends Error {
  constructor(readonly detail: string) {
    super(`the broker is unreachable: ${detail}`);
    this.name = 'BrokerUnavailable';
  }
}

export interface QueueState {
  readonly queue: string;
  /** Messages that are ready; those that a consumer holds unacknowledged are not counted. */
  readonly waiting: number;
  readonly consumers: number;
}

/**
 * A connection to the broker for one command: every request is answered within the timeout or fails, and nothing is
 * retried.
 */
export class BrokerClient {
  readonly clock: Clock;
  readonly #connection: ChannelModel;
  readonly #timeoutMs: number;
  readonly #lost: Promise<never>;
  #isBlocked = false;

  private constructor(connection: ChannelModel, timeoutMs: number, clock: Clock) {
    this.clock = clock;
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
    let cause = 'the connection was closed';
    connection.on('error', (error) => (cause = error.message));
    connection.on('blocked', () => (this.#isBlocked = true));
    connection.on('unblocked', () => (this.#isBlocked = false));
    this.#lost = new Promise((_resolve, reject) =>
      connection.once('close', () => {
        reject(new BrokerUnavailable(cause));
      }),
    );
    this.#lost.catch(() => undefined);
  }

  /** @throws BrokerUnavailable */
  static async open({
    url,
    authorities = [],
    name,
    timeoutMs = 5_000,
    clock = SYSTEM_CLOCK,
  }: BrokerClientOptions): Promise<BrokerClient> {
    const connecting = amqplibConnect(authorities)(url, name);
    try {
      const { connection } = await withTimeout(connecting, timeoutMs, clock);
      return new BrokerClient(connection, timeoutMs, clock);
    } catch (error) {
      // A connection that is established after all must not outlive the command.
      connecting.then(({ connection: late }) => late.close()).catch(() => undefined);
      throw error instanceof BrokerUnavailable ? error : new BrokerUnavailable(reasonOf(error));
    }
  }

  /** The broker blocks publishing on this connection: it is short of memory or disk space. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** The broker's version, from the connection handshake. */
  get version(): string {
    const { version } = this.#connection.connection.serverProperties;
    return typeof version === 'string' ? version : 'of an unknown version';
  }

  channel(): Promise<Channel> {
    return this.#quiet(this.#connection.createChannel());
  }

  confirmChannel() {
    return this.#quiet(this.#connection.createConfirmChannel());
  }

  /** The promise's result; rejects if the broker does not answer in time or the connection is lost. */
  withTimeout<Result>(promise: Promise<Result>, timeoutMs = this.#timeoutMs): Promise<Result> {
    return Promise.race([withTimeout(promise, timeoutMs, this.clock), this.#lost]);
  }

  /** The state of a queue; undefined if it does not exist. */
  async stateOf(queue: string): Promise<QueueState | undefined> {
    const states = await this.statesOf([queue]);
    return states[0];
  }

  /** The states of queues, in their order; empty if one of them does not exist. */
  async statesOf(queues: readonly string[]): Promise<readonly QueueState[]> {
    const channel = await this.channel();
    try {
      const replies = await this.withTimeout(Promise.all(queues.map((queue) => channel.checkQueue(queue))));
      await this.withTimeout(channel.close());
      return replies.map(({ queue, messageCount, consumerCount }) => ({
        queue,
        waiting: messageCount,
        consumers: consumerCount,
      }));
    } catch (error) {
      // 404: checking a queue that does not exist closes the channel.
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** Closes the connection without waiting long for a broker that does not respond. */
  async close(): Promise<void> {
    await Promise.race([this.#connection.close().catch(() => undefined), delay(this.clock, 1_000)]);
  }

  async #quiet<C extends Channel>(opening: Promise<C>): Promise<C> {
    const channel = await this.withTimeout(opening);
    // Without a listener an error of the channel would end the whole connection; the pending request rejects anyway.
    channel.on('error', () => undefined);
    return channel;
  }
}

/** @throws BrokerUnavailable if it does not settle in time */
function withTimeout<Result>(promise: Promise<Result>, timeoutMs: number, clock: Clock): Promise<Result> {
  return replyTo(promise, { request: 'a request', clock, timeoutMs }).catch((error: unknown) => {
    if (error instanceof NoReply) throw new BrokerUnavailable(`no reply within ${timeoutMs / 1000} s`);
    throw accessRefusalIn(error) ?? error;
  });
}

function isMissing(error: unknown): boolean {
  return hasReplyCode(error, 404);
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
