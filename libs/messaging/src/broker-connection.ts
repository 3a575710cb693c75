import { type Clock, delay, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { AccessRefused, accessRefusalIn } from './access-refused';
import { type Connect, connectWithAmqplib } from './connect';
import { TopologyMissing } from './declare-topology';
import { type Log } from './log';
import { NoReply, replyTo } from './reply-timeout';

const CLOSE_TIMEOUT_MS = 3_000;
const MAX_RECONNECT_DELAY_MS = 5_000;
/** While nothing listens at the broker's port: to ask again costs nobody anything, and the broker may be about to start. */
const MAX_REFUSED_DELAY_MS = 500;

export interface BrokerConnectionOptions {
  /** amqp:// or amqps://; Celery's pyamqp:// is understood. */
  readonly url: string;
  /** Shown in the broker's list of connections and in the log. */
  readonly name: string;
  /** Number of channels without which the connection cannot be used. */
  readonly channels: number;
  readonly log: Log;
  /**
   * Sets up a new connection: declares the topology, opens channels. If it rejects, the connection is closed and
   * retried.
   */
  readonly open: (connection: ChannelModel) => Promise<void>;
  /** The connection was lost, and all its channels with it. */
  readonly onLost: () => void;
  readonly onBlocked?: (reason: string) => void;
  readonly onUnblocked?: () => void;
  readonly connect?: Connect | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
}

/** The broker allows fewer channels per connection than are needed. */
class TooFewChannels extends Error {
  constructor(allowed: number, needed: number) {
    super(`channel_max of the broker is ${allowed}, but this connection needs at least ${needed} channels: raise it`);
    this.name = 'TooFewChannels';
  }
}

interface CurrentConnection {
  readonly connection: ChannelModel;
  /** Resets it, and ends it without waiting for the broker. */
  readonly abandon: (reason: Error) => void;
}

/** A connection to the broker that reconnects automatically until it is closed. */
export class BrokerConnection {
  readonly #options: BrokerConnectionOptions;
  readonly #connect: Connect;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #stopping = new AbortController();
  #current: CurrentConnection | undefined;
  #loop: Promise<void> = Promise.resolve();
  #isConnected = false;
  /** Since it was last connected: each problem is logged once. */
  readonly #loggedProblems = new Set<string>();

  constructor(options: BrokerConnectionOptions) {
    this.#options = options;
    this.#connect = options.connect ?? connectWithAmqplib;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#random = options.random ?? SYSTEM_RANDOM;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#loop = this.#run();
  }

  /** Closes the current connection; a new one is opened. */
  reconnect(): void {
    void this.#closeCurrent();
  }

  /**
   * Drops the connection at once: `onLost` is called without waiting for the broker, and the socket is reset, so that
   * data that has not left this machine never arrives. What the broker has already read may still be processed.
   */
  abandon(reason: string): void {
    this.#current?.abandon(new Error(reason));
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#closeCurrent();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      let isRefused = false;
      try {
        await this.#runConnection(() => (failures = 0));
      } catch (error) {
        isRefused = isConnectRefused(error);
        this.#logUnavailable(error);
      }
      // Only what a broker that is there has done makes us ask it less often.
      if (!isRefused) failures += 1;
      const maximum = isRefused
        ? MAX_REFUSED_DELAY_MS
        : Math.min(MAX_RECONNECT_DELAY_MS, 100 * 2 ** Math.min(failures, 10));
      const wait = this.#random.fraction() * maximum;
      await delay(this.#clock, wait, this.#stopping.signal).catch(() => undefined);
    }
  }

  /** Runs one connection; resolves when it ends. */
  async #runConnection(onOpened: () => void): Promise<void> {
    const { url, name, open, onLost, onBlocked, onUnblocked } = this.#options;
    const { connection, reset } = await this.#connect(url, name);
    // It is emitted before the close.
    let cause: unknown = new Error('the connection was closed');
    let isOver = false;
    connection.on('error', (error) => {
      if (!isOver) cause = error;
    });
    connection.on('blocked', (reason) => onBlocked?.(reason));
    connection.on('unblocked', () => onUnblocked?.());
    let end: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => {
      end = () => {
        isOver = true;
        resolve();
      };
    });
    connection.once('close', end);
    const current: CurrentConnection = {
      connection,
      abandon: (reason) => {
        if (this.#current === current) this.#current = undefined;
        if (!isOver) cause = reason;
        end();
        reset();
      },
    };
    this.#current = current;
    try {
      if (this.#stopping.signal.aborted) return;
      requireChannels(connection, this.#options.channels);
      await Promise.race([
        open(connection).catch((error: unknown) => {
          // It would not answer the request to close the connection either.
          if (error instanceof NoReply) current.abandon(error);
          throw error;
        }),
        closed.then(() => Promise.reject(toError(cause))),
      ]);
      this.#isConnected = true;
      onOpened();
      this.#options.log.info('broker connected', { connection: name });
      this.#loggedProblems.clear();
      await closed;
    } finally {
      this.#isConnected = false;
      // If we did not close it, data still in the socket's buffer must not arrive later.
      if (isOver && this.#current === current) {
        this.#current = undefined;
        reset();
      }
      onLost();
      await this.#closeCurrent();
    }
    if (!this.#stopping.signal.aborted) this.#logUnavailable(cause);
  }

  /** The broker confirms a close only once every channel has ended, which one that waits for an unresponsive queue never does. */
  async #closeCurrent(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    if (current === undefined) return;
    const options = { request: 'connection.close', clock: this.#clock, timeoutMs: CLOSE_TIMEOUT_MS };
    await replyTo(current.connection.close(), options).catch((error: unknown) => {
      if (error instanceof NoReply) current.abandon(error);
    });
  }

  #logUnavailable(reason: unknown): void {
    const error = accessRefusalIn(reason) ?? reason;
    const problem = problemOf(error);
    const { message } = toError(error);
    // Each permission and each object that is missing is worth a line.
    const isOfSetup = error instanceof AccessRefused || error instanceof TopologyMissing;
    const logged = isOfSetup ? message : problem;
    if (this.#loggedProblems.has(logged) || this.#stopping.signal.aborted) return;
    this.#loggedProblems.add(logged);
    this.#options.log.warn(problem, { connection: this.#options.name, error: message });
  }
}

function problemOf(error: unknown): string {
  if (error instanceof AccessRefused) return 'the broker refuses access: retrying until it is granted';
  if (error instanceof TopologyMissing) return 'the broker lacks an exchange or a queue: retrying until it is declared';
  if (error instanceof TooFewChannels) return 'broker allows too few channels: retrying until channel_max is raised';
  if (error instanceof NoReply) return 'broker does not reply: reconnecting until it does';
  return 'broker unreachable: retrying until it is back';
}

/** @throws TooFewChannels */
function requireChannels({ connection }: ChannelModel, needed: number): void {
  // Missing from amqplib's types.
  const allowed: unknown = 'channelMax' in connection ? connection.channelMax : undefined;
  if (typeof allowed === 'number' && allowed < needed) throw new TooFewChannels(allowed, needed);
}

/** Whether nothing listens at the port: of all addresses that the broker's name has. */
function isConnectRefused(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isConnectRefused);
  return error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
}

export function toError(error: unknown): Error {
  if (error instanceof AggregateError && error.message === '') return toError(error.errors[0]);
  return error instanceof Error ? error : new Error(String(error));
}
