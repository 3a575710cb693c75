import { type Clock, delay, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type LaneObserver } from '../lane-worker-options';
import { type IncomingMessage } from '../message';
import { alertOf } from '../trace-responder';
import { actionOf } from './event-action';

/**
 * An event that was delivered for an alert after one of its messages became a dead letter. Times are milliseconds
 * since 1970.
 */
export interface LaterEvent {
  readonly action: string;
  readonly acceptedAt: number;
  readonly deliveredAt: number;
}

/** The alerts that have dead letters, shared by all workers. Every call settles or rejects within a short time. */
export interface AlertProgressStore {
  /** Records that an alert has a dead letter, of a message accepted at that time. */
  remember(alert: string, acceptedAt: number): Promise<void>;
  /** Records that an event of such an alert was delivered. */
  recordDelivery(alert: string, event: LaterEvent): Promise<void>;
  /** The alerts remembered since a previous call's `upTo` (0 at first), and the `upTo` for the next call. */
  rememberedSince(since: number): Promise<{ readonly alerts: readonly string[]; readonly upTo: number }>;
  /** Records that deliveries before this time may have been missed. */
  recordGap(at: number): Promise<void>;
}

/** The most alerts that are watched, and the most writes that wait for Redis. */
const MAX_WATCHED = 50_000;
const CONCURRENT_WRITES = 100;
const POLL_EVERY_MS = 1_000;
/** How long to wait for the first reply: an unreachable Redis must not delay anything. */
const FIRST_REFRESH_TIMEOUT_MS = 2_000;
const MAX_ACTION_LENGTH = 40;

/**
 * Records what is delivered for alerts that have dead letters, so that an operator can judge a replay. Other alerts
 * cost one lookup in a set that is usually empty.
 */
export class AlertProgress {
  readonly #store: AlertProgressStore;
  readonly #digest: (name: string) => string;
  readonly #clock: Clock;
  readonly #watched = new Set<string>();
  /** Writes that Redis has not accepted yet, in order. */
  #pendingWrites: (() => Promise<void>)[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  /** The last write failed: only the next poll retries, not every new write. */
  #isUnreachable = false;
  #refreshedUpTo = 0;
  #hasRefreshed = false;
  /** Lanes were taken, or writes dropped, while it was unknown which alerts to watch. */
  #hasGap = false;
  #startedAt = 0;
  #stopPolling: () => void = () => undefined;

  /** @param digest what stands for the name of an alert in the store */
  constructor(alerts: AlertProgressStore, digest: (name: string) => string, clock: Clock = SYSTEM_CLOCK) {
    this.#store = alerts;
    this.#digest = digest;
    this.#clock = clock;
  }

  /** Starts polling for alerts for which other workers have written dead letters; does not wait. */
  start(): void {
    this.#startedAt = this.#clock.monotonic();
    this.#stopPolling = every(this.#clock, POLL_EVERY_MS, () => void this.#poll());
    void this.#poll();
  }

  /** Writes what is still pending, if Redis is reachable. */
  async stop(): Promise<void> {
    this.#stopPolling();
    // A write in progress may fail because Redis was unreachable; it may be back by now.
    await this.#writing;
    await this.#poll();
  }

  /**
   * Called before a lane's first message: reads which alerts the previous owner wrote dead letters for. Settles soon,
   * even without Redis.
   */
  async prepare(): Promise<void> {
    while (!(await this.#refresh())) {
      if (this.#hasRefreshed || this.#clock.monotonic() - this.#startedAt > FIRST_REFRESH_TIMEOUT_MS) {
        this.#hasGap = true;
        return;
      }
      await delay(this.#clock, 50);
    }
  }

  /** Wraps an observer, so that this learns what became of messages as well. */
  observe(observer: LaneObserver): LaneObserver {
    return {
      ...observer,
      onDelivered: (message) => {
        observer.onDelivered(message);
        this.#recordDelivery(message);
      },
      onDuplicateDropped: (message) => {
        observer.onDuplicateDropped(message);
        // It was delivered, perhaps by a worker that ended before it could record that.
        this.#recordDelivery(message);
      },
      onDeadLettered: (reason, message, cause) => {
        observer.onDeadLettered(reason, message, cause);
        if (message !== undefined) this.#recordDeadLetter(message);
      },
    };
  }

  #recordDeadLetter(message: IncomingMessage): void {
    const alert = alertNameOf(message, this.#digest);
    if (alert === undefined) return;
    this.#watch(alert);
    // Read now: a pending write may wait for long and must not keep the message and its body in memory.
    const acceptedAt = acceptedAtOf(message);
    this.#enqueueWrite(() => this.#store.remember(alert, acceptedAt));
  }

  #recordDelivery(message: IncomingMessage): void {
    if (this.#watched.size === 0) return;
    const alert = alertNameOf(message, this.#digest);
    if (alert === undefined || !this.#watched.has(alert)) return;
    const action = actionOf(message).slice(0, MAX_ACTION_LENGTH);
    const event = { action, acceptedAt: acceptedAtOf(message), deliveredAt: this.#clock.wall() };
    this.#enqueueWrite(() => this.#store.recordDelivery(alert, event));
  }

  #watch(alert: string): void {
    this.#watched.delete(alert);
    this.#watched.add(alert);
    if (this.#watched.size <= MAX_WATCHED) return;
    const [oldest] = this.#watched;
    if (oldest !== undefined) this.#watched.delete(oldest);
  }

  #enqueueWrite(write: () => Promise<void>): void {
    this.#pendingWrites.push(write);
    if (this.#pendingWrites.length > MAX_WATCHED) {
      this.#pendingWrites.shift();
      this.#hasGap = true;
    }
    if (!this.#isUnreachable) void this.#flush();
  }

  #flush(): Promise<void> {
    if (!this.#isWriting) this.#writing = this.#write();
    return this.#writing;
  }

  /** Until everything is written or Redis is unreachable; what may have been written is written again. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    this.#isUnreachable = false;
    while (this.#pendingWrites.length > 0) {
      const batch = this.#pendingWrites.splice(0, CONCURRENT_WRITES);
      const results = await Promise.allSettled(batch.map((write) => write()));
      if (results.every(({ status }) => status === 'fulfilled')) continue;
      this.#pendingWrites = [...batch, ...this.#pendingWrites];
      this.#isUnreachable = true;
      break;
    }
    this.#isWriting = false;
  }

  async #poll(): Promise<void> {
    await this.#flush();
    if (this.#pendingWrites.length > 0 || !(await this.#refresh()) || !this.#hasGap) return;
    this.#hasGap = false;
    await this.#store.recordGap(this.#clock.wall()).catch(() => {
      this.#hasGap = true;
    });
  }

  /** Whether Redis replied. */
  async #refresh(): Promise<boolean> {
    try {
      const { alerts, upTo } = await this.#store.rememberedSince(this.#refreshedUpTo);
      for (const alert of alerts) this.#watch(alert);
      this.#refreshedUpTo = Math.max(this.#refreshedUpTo, upTo);
      this.#hasRefreshed = true;
      return true;
    } catch {
      return false; // The store logs that Redis is unreachable; the next attempt follows soon.
    }
  }
}

/**
 * The name of an alert outside its messages: a digest, because its order key contains the routing key and the dedup key. Undefined
 * if the message belongs to no alert, or to one that is not known.
 */
export function alertNameOf(
  message: Pick<IncomingMessage, 'routingKey' | 'orderKey'>,
  digest: (name: string) => string,
): string | undefined {
  return alertOf(message) === undefined ? undefined : digest(message.orderKey);
}

function acceptedAtOf({ originalReceivedAt, receivedAt }: IncomingMessage): number {
  return originalReceivedAt ?? receivedAt;
}
