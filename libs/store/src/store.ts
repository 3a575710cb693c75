import { type Clock, type Random, SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { connectionProblem } from '@pdaltagent/delivery';
import { Redis } from 'ioredis';
import { rootCertificates } from 'node:tls';
import { warnIfNotDurable } from './durability';
import { type Log } from './log';
import { isNotPrimary, StoreError, toStoreError } from './store-error';

export interface StoreOptions {
  /** redis:// or rediss:// */
  readonly url: string;
  /** Certificates (PEM) of authorities to trust in addition to Node's own. */
  readonly authorities?: readonly string[];
  /** Shown in Redis's list of clients. */
  readonly name: string;
  readonly log: Log;
  /** Timeout for one command; milliseconds. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** refusing: Redis answers but accepts no writes: it is a replica, out of memory, or its disk fails. */
export type StoreState = 'connected' | 'refusing' | 'unreachable';

const DEFAULT_TIMEOUT_MS = 2_000;
const MAX_RECONNECT_DELAY_MS = 2_000;
/** How often to check whether Redis accepts writes, while it does and while it does not; milliseconds. */
const CHECK_MS = 5_000;
const RETRY_CHECK_MS = 1_000;
/** Never exists, so that a conditional write (XX) writes nothing. */
const WRITE_CHECK_KEY = 'pdaltagent:write-check';

/**
 * A connection to Redis that reconnects automatically. Commands fail at once while Redis is unreachable: nothing is
 * queued. A server that answers but is not the primary is disconnected, since after a failover the address leads to
 * another.
 */
export class Store {
  readonly #redis: Redis;
  readonly #timeoutMs: number;
  readonly #log: Log;
  readonly #clock: Clock;
  #state: StoreState | 'starting' = 'starting';
  /** Connections closed because the server was not the primary, since the last write. */
  #reconnectsSinceWrite = 0;
  #isReconnecting = false;
  #isClosed = false;
  #cancelCheck = (): void => undefined;
  #durability: Promise<void> | undefined;

  constructor({
    url,
    authorities = [],
    name,
    log,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    clock = SYSTEM_CLOCK,
    random = SYSTEM_RANDOM,
  }: StoreOptions) {
    this.#log = log;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#redis = new Redis(url, {
      ...tlsOptions(url, authorities),
      lazyConnect: true,
      connectionName: name,
      protocol: 2,
      disableClientInfo: true,
      connectTimeout: timeoutMs,
      // Also ends a connection whose handshake hangs, so that a new one is tried.
      socketTimeout: timeoutMs,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      enableAutoPipelining: true,
      // It would wait on this connection while the server loads its data; the write check replaces it.
      enableReadyCheck: false,
      reconnectOnError: (error) => this.#shouldReconnect(error),
      retryStrategy: (attempt) =>
        random.fraction() *
        Math.min(MAX_RECONNECT_DELAY_MS, 50 * 2 ** Math.min(Math.max(attempt, this.#reconnectsSinceWrite), 10)),
    });
    // Without a listener an error would end the process.
    this.#redis.on('error', (error: Error) =>
      this.#setState('unreachable', connectionProblem(error, 'PDAGENTD_REDIS_URL')),
    );
    this.#redis.on('close', () => {
      if (!this.#isReconnecting) this.#setState('unreachable', 'the connection was closed');
    });
    this.#redis.on('ready', () => {
      this.#isReconnecting = false;
      void this.#check();
    });
  }

  /** Starts connecting; does not wait for Redis. */
  start(): void {
    this.#redis.connect().catch(() => undefined); // Reported by the error event, and retried.
  }

  /** Connected: it accepted a write in the last seconds, and no error occurred since. */
  state(): StoreState {
    return this.#state === 'starting' ? 'unreachable' : this.#state;
  }

  /**
   * Runs a command, or several that belong together, within the command timeout.
   * @throws StoreError within that time
   */
  async run<Result>(command: (redis: Redis) => Promise<Result>): Promise<Result> {
    if (this.#redis.status !== 'ready') throw new StoreError('unreachable', 'not connected');
    const running = command(this.#redis);
    let cancelLate = (): void => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      cancelLate = this.#clock.after(this.#timeoutMs, () => {
        this.#setState('unreachable', 'no reply in time');
        reject(new StoreError('unreachable', `no reply within ${this.#timeoutMs} ms`));
      });
    });
    try {
      return await Promise.race([running, late]);
    } catch (error) {
      running.catch(() => undefined);
      throw toStoreError(error);
    } finally {
      cancelLate();
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelCheck();
    this.#redis.disconnect();
  }

  async #check(): Promise<void> {
    try {
      await this.run((redis) => redis.set(WRITE_CHECK_KEY, '1', 'XX'));
      this.#reconnectsSinceWrite = 0;
      this.#setState('connected', '');
      this.#checkIn(CHECK_MS);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'refused') this.#setState('refusing', error.message);
      this.#checkIn(RETRY_CHECK_MS);
    }
  }

  #checkIn(ms: number): void {
    this.#cancelCheck();
    if (!this.#isClosed) this.#cancelCheck = this.#clock.after(ms, () => void this.#check());
  }

  /** Whether to reconnect because of an error that Redis answered to any command. */
  #shouldReconnect(error: Error): boolean {
    if (!isNotPrimary(error)) return false;
    if (!this.#isReconnecting) this.#reconnectsSinceWrite += 1;
    this.#isReconnecting = true;
    this.#setState('refusing', error.message);
    return true;
  }

  #setState(state: StoreState, detail: string): void {
    if (state === this.#state || this.#isClosed) return;
    const before = this.#state;
    this.#state = state;
    if (state === 'connected') {
      if (before !== 'starting') this.#log.info('Redis is reachable again');
      this.#durability ??= warnIfNotDurable(this, this.#log);
    } else {
      this.#log.warn(WARNINGS[state], { detail });
      this.#checkIn(RETRY_CHECK_MS);
    }
  }
}

/** ioredis uses TLS for rediss:// without options, and for any URL with options. */
function tlsOptions(url: string, authorities: readonly string[]): { readonly tls?: { readonly ca: string[] } } {
  if (authorities.length === 0 || new URL(url).protocol !== 'rediss:') return {};
  return { tls: { ca: [...rootCertificates, ...authorities] } };
}

const WARNINGS = {
  unreachable: 'Redis is unreachable: retrying until it is back',
  refusing: 'Redis accepts no writes: retrying until it does',
};
