import { Redis } from 'ioredis';
import { warnIfForgetful } from './durability';
import { type Log } from './log';
import { StoreError } from './store-error';

export interface StoreOptions {
  /** redis:// or rediss:// */
  readonly url: string;
  /** Shown in Redis's list of clients. */
  readonly name: string;
  readonly log: Log;
  /** How long one command may take, milliseconds: a Redis that hangs holds nobody up for longer. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 2_000;
const LONGEST_WAIT_MS = 2_000;

/** One connection to Redis that comes back by itself. Commands fail at once while it is away: nothing is queued here. */
export class Store {
  readonly #redis: Redis;
  readonly #timeoutMs: number;
  readonly #log: Log;
  #saidAway = false;
  #closed = false;

  constructor({ url, name, log, timeoutMs = DEFAULT_TIMEOUT_MS }: StoreOptions) {
    this.#log = log;
    this.#timeoutMs = timeoutMs;
    this.#redis = new Redis(url, {
      lazyConnect: true,
      connectionName: name,
      protocol: 2,
      disableClientInfo: true,
      connectTimeout: timeoutMs,
      // Also ends a connection on which the handshake hangs, so that the next one is tried.
      socketTimeout: timeoutMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      enableAutoPipelining: true,
      retryStrategy: (attempt) => Math.random() * Math.min(LONGEST_WAIT_MS, 50 * 2 ** Math.min(attempt, 10)),
    });
    // Without a listener an error would end the process.
    this.#redis.on('error', (error: Error) => this.#sayAway(error.message));
    this.#redis.on('close', () => this.#sayAway('the connection was closed'));
    this.#redis.once('ready', () => void warnIfForgetful(this, log));
    this.#redis.on('ready', () => {
      if (this.#saidAway) log.info('Redis is back');
      this.#saidAway = false;
    });
  }

  /** Begins to connect; does not wait for Redis. */
  start(): void {
    this.#redis.connect().catch(() => undefined); // Said by the error event; it is tried again.
  }

  state(): 'connected' | 'away' {
    return this.#redis.status === 'ready' && !this.#saidAway ? 'connected' : 'away';
  }

  /**
   * Runs a command, or several that belong together, within the time one may take.
   * @throws StoreError always within that time
   */
  async run<Result>(command: (redis: Redis) => Promise<Result>): Promise<Result> {
    if (this.#redis.status !== 'ready') throw new StoreError('away', 'not connected');
    const running = command(this.#redis);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.#sayAway('no answer in time');
        reject(new StoreError('away', `no answer within ${this.#timeoutMs} ms`));
      }, this.#timeoutMs);
    });
    try {
      const result = await Promise.race([running, late]);
      if (this.#saidAway) this.#sayBack();
      return result;
    } catch (error) {
      running.catch(() => undefined);
      throw toStoreError(error);
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#redis.disconnect();
  }

  #sayAway(detail: string): void {
    if (this.#saidAway || this.#closed) return;
    this.#saidAway = true;
    this.#log.warn('Redis is away: trying again until it is back', { detail });
  }

  #sayBack(): void {
    this.#saidAway = false;
    this.#log.info('Redis is back');
  }
}

/** ioredis has no code for its own troubles; what Redis itself answers is a ReplyError. */
function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  if (!(error instanceof Error)) return new StoreError('away', String(error));
  return new StoreError(error.name === 'ReplyError' ? 'refused' : 'away', error.message);
}
