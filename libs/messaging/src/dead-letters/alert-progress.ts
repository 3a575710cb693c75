import { type Clock, delay, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { createHash } from 'node:crypto';
import { type LaneObserver } from '../lane-worker-options';
import { type IncomingMessage } from '../message';
import { alertOf } from '../trace-responder';
import { actionOf } from './event-action';

/** What went out of an alert after one of its messages had become a dead letter. Times are milliseconds since 1970. */
export interface LaterEvent {
  readonly action: string;
  readonly acceptedAt: number;
  readonly deliveredAt: number;
}

/** The alerts that have dead letters, as all workers remember them together. Every call settles soon, or rejects. */
export interface AlertProgressStore {
  /** An alert has a dead letter of a message that was accepted then. */
  remember(alert: string, acceptedAt: number): Promise<void>;
  /** An event of such an alert was delivered. */
  recordDelivery(alert: string, event: LaterEvent): Promise<void>;
  /** The alerts that were remembered since a former call, with what to give the next one; at first 0. */
  rememberedSince(since: number): Promise<{ readonly alerts: readonly string[]; readonly upTo: number }>;
  /** Until then some deliveries may not have been noticed. */
  unwatchedUntil(at: number): Promise<void>;
}

/** As many alerts are watched, and as many notes wait for Redis. */
const MAX_WATCHED = 50_000;
const CONCURRENT_WRITES = 100;
const POLL_EVERY_MS = 1_000;
/** How long the first look may be waited for: a Redis that is away holds up nothing. */
const FIRST_REFRESH_TIMEOUT_MS = 2_000;
const MAX_ACTION_LENGTH = 40;

/**
 * Notices how alerts with dead letters go on, for whoever thinks of a replay. It costs the others one look into a set that
 * is empty most of the time.
 */
export class AlertProgress {
  readonly #store: AlertProgressStore;
  readonly #clock: Clock;
  readonly #watched = new Set<string>();
  /** What Redis is still to be told, in order. */
  #pendingWrites: (() => Promise<void>)[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  /** What was last written was not taken: only the next look tries again, not every note. */
  #isUnreachable = false;
  #refreshedUpTo = 0;
  #hasRefreshed = false;
  /** Lanes were taken, or notes dropped, while nobody could tell what to watch. */
  #hasGap = false;
  #startedAt = 0;
  #stopPolling: () => void = () => undefined;

  constructor(alerts: AlertProgressStore, clock: Clock = SYSTEM_CLOCK) {
    this.#store = alerts;
    this.#clock = clock;
  }

  /** Begins to learn which alerts its peers have buried something of; does not wait. */
  start(): void {
    this.#startedAt = this.#clock.monotonic();
    this.#stopPolling = every(this.#clock, POLL_EVERY_MS, () => void this.#poll());
    void this.#poll();
  }

  /** Writes what is left to write, if that is possible. */
  async stop(): Promise<void> {
    this.#stopPolling();
    // What is being written may be on its way to a Redis that is away; it may be back.
    await this.#writing;
    await this.#poll();
  }

  /** Before a lane's first message: learns what its former owner buried. Settles soon, also without Redis. */
  async prepare(): Promise<void> {
    while (!(await this.#refresh())) {
      if (this.#hasRefreshed || this.#clock.monotonic() - this.#startedAt > FIRST_REFRESH_TIMEOUT_MS) {
        this.#hasGap = true;
        return;
      }
      await delay(this.#clock, 50);
    }
  }

  /** The observer, which tells this too what became of messages. */
  observe(observer: LaneObserver): LaneObserver {
    return {
      ...observer,
      delivered: (message) => {
        observer.delivered(message);
        this.#recordDelivery(message);
      },
      duplicateDropped: (message) => {
        observer.duplicateDropped(message);
        // It was delivered, perhaps by a worker that ended before it could write that down.
        this.#recordDelivery(message);
      },
      deadLettered: (reason, message) => {
        observer.deadLettered(reason, message);
        if (message !== undefined) this.#recordDeadLetter(message);
      },
    };
  }

  #recordDeadLetter(message: IncomingMessage): void {
    const alert = alertNameOf(message);
    if (alert === undefined) return;
    this.#watch(alert);
    // Read now: a note may wait for long, and must not hold the message with its body.
    const acceptedAt = acceptedAtOf(message);
    this.#enqueueWrite(() => this.#store.remember(alert, acceptedAt));
  }

  #recordDelivery(message: IncomingMessage): void {
    if (this.#watched.size === 0) return;
    const alert = alertNameOf(message);
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

  /** Until all is written or Redis is away; what may have been written is written once more. */
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
    await this.#store.unwatchedUntil(this.#clock.wall()).catch(() => {
      this.#hasGap = true;
    });
  }

  /** Whether Redis answered. */
  async #refresh(): Promise<boolean> {
    try {
      const { alerts, upTo } = await this.#store.rememberedSince(this.#refreshedUpTo);
      for (const alert of alerts) this.#watch(alert);
      this.#refreshedUpTo = Math.max(this.#refreshedUpTo, upTo);
      this.#hasRefreshed = true;
      return true;
    } catch {
      return false; // Redis says itself that it is away; the next look comes soon.
    }
  }
}

/**
 * What an alert is called where everyone may read it: a digest, for its order key begins with the routing key. Undefined
 * for what belongs to no alert, or to one that cannot be told.
 */
export function alertNameOf(message: Pick<IncomingMessage, 'routingKey' | 'orderKey'>): string | undefined {
  if (alertOf(message) === undefined) return undefined;
  return createHash('sha256').update(message.orderKey).digest('hex').slice(0, 32);
}

function acceptedAtOf({ originalReceivedAt, receivedAt }: IncomingMessage): number {
  return originalReceivedAt ?? receivedAt;
}
