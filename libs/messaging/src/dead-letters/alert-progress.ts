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
const MOST = 50_000;
const AT_ONE_TIME = 100;
const LOOK_EVERY_MS = 1_000;
/** How long the first look may be waited for: a Redis that is away holds up nothing. */
const FIRST_LOOK_MS = 2_000;
const LONGEST_ACTION = 40;

/**
 * Notices how alerts with dead letters go on, for whoever thinks of a replay. It costs the others one look into a set that
 * is empty most of the time.
 */
export class AlertProgress {
  readonly #alerts: AlertProgressStore;
  readonly #clock: Clock;
  readonly #watched = new Set<string>();
  /** What Redis is still to be told, in order. */
  #notes: (() => Promise<void>)[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  /** What was last written was not taken: only the next look tries again, not every note. */
  #isAway = false;
  #learnedUpTo = 0;
  #hasLearned = false;
  /** Lanes were taken, or notes dropped, while nobody could tell what to watch. */
  #wasBlind = false;
  #startedAt = 0;
  #stopLooking: () => void = () => undefined;

  constructor(alerts: AlertProgressStore, clock: Clock = SYSTEM_CLOCK) {
    this.#alerts = alerts;
    this.#clock = clock;
  }

  /** Begins to learn which alerts its peers have buried something of; does not wait. */
  start(): void {
    this.#startedAt = this.#clock.monotonic();
    this.#stopLooking = every(this.#clock, LOOK_EVERY_MS, () => void this.#look());
    void this.#look();
  }

  /** Writes what is left to write, if that is possible. */
  async stop(): Promise<void> {
    this.#stopLooking();
    // What is being written may be on its way to a Redis that is away; it may be back.
    await this.#writing;
    await this.#look();
  }

  /** Before a lane's first message: learns what its former owner buried. Settles soon, also without Redis. */
  async learn(): Promise<void> {
    while (!(await this.#learn())) {
      if (this.#hasLearned || this.#clock.monotonic() - this.#startedAt > FIRST_LOOK_MS) {
        this.#wasBlind = true;
        return;
      }
      await delay(this.#clock, 50);
    }
  }

  /** The observer, which tells this too what became of messages. */
  observing(observer: LaneObserver): LaneObserver {
    return {
      ...observer,
      delivered: (message) => {
        observer.delivered(message);
        this.#recordDelivery(message);
      },
      repeated: (message) => {
        observer.repeated(message);
        // It was delivered, perhaps by a worker that ended before it could write that down.
        this.#recordDelivery(message);
      },
      buried: (reason, message) => {
        observer.buried(reason, message);
        if (message !== undefined) this.#buried(message);
      },
    };
  }

  #buried(message: IncomingMessage): void {
    const alert = alertNameOf(message);
    if (alert === undefined) return;
    this.#watch(alert);
    // Read now: a note may wait for long, and must not hold the message with its body.
    const acceptedAt = acceptedAtOf(message);
    this.#note(() => this.#alerts.remember(alert, acceptedAt));
  }

  #recordDelivery(message: IncomingMessage): void {
    if (this.#watched.size === 0) return;
    const alert = alertNameOf(message);
    if (alert === undefined || !this.#watched.has(alert)) return;
    const action = actionOf(message).slice(0, LONGEST_ACTION);
    const event = { action, acceptedAt: acceptedAtOf(message), deliveredAt: this.#clock.wall() };
    this.#note(() => this.#alerts.recordDelivery(alert, event));
  }

  #watch(alert: string): void {
    this.#watched.delete(alert);
    this.#watched.add(alert);
    if (this.#watched.size <= MOST) return;
    const [oldest] = this.#watched;
    if (oldest !== undefined) this.#watched.delete(oldest);
  }

  #note(write: () => Promise<void>): void {
    this.#notes.push(write);
    if (this.#notes.length > MOST) {
      this.#notes.shift();
      this.#wasBlind = true;
    }
    if (!this.#isAway) void this.#flush();
  }

  #flush(): Promise<void> {
    if (!this.#isWriting) this.#writing = this.#write();
    return this.#writing;
  }

  /** Until all is written or Redis is away; what may have been written is written once more. */
  async #write(): Promise<void> {
    this.#isWriting = true;
    this.#isAway = false;
    while (this.#notes.length > 0) {
      const batch = this.#notes.splice(0, AT_ONE_TIME);
      const results = await Promise.allSettled(batch.map((write) => write()));
      if (results.every(({ status }) => status === 'fulfilled')) continue;
      this.#notes = [...batch, ...this.#notes];
      this.#isAway = true;
      break;
    }
    this.#isWriting = false;
  }

  async #look(): Promise<void> {
    await this.#flush();
    if (this.#notes.length > 0 || !(await this.#learn()) || !this.#wasBlind) return;
    this.#wasBlind = false;
    await this.#alerts.unwatchedUntil(this.#clock.wall()).catch(() => {
      this.#wasBlind = true;
    });
  }

  /** Whether Redis answered. */
  async #learn(): Promise<boolean> {
    try {
      const { alerts, upTo } = await this.#alerts.rememberedSince(this.#learnedUpTo);
      for (const alert of alerts) this.#watch(alert);
      this.#learnedUpTo = Math.max(this.#learnedUpTo, upTo);
      this.#hasLearned = true;
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
