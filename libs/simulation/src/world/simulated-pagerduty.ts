import { type Attempt } from '@pdaltagent/delivery';
import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { type SimulatedProcess } from '../simulated-process';
import { eventOf } from './event';
import { type Lease } from './network';
import {
  ACCEPTED,
  FAILURES,
  INTERMEDIARY_ANSWERS,
  LOST_RESPONSES,
  rejectionOf,
  THROTTLES,
  UNREACHABLE,
} from './pagerduty-answers';
import { type EventRequest, Requests } from './requests';
import { RetryAfters } from './retry-afters';
import { type SimulatedRedis } from './simulated-redis';

/** A message that PagerDuty accepted. */
export interface Processed {
  readonly at: number;
  readonly request: EventRequest;
  readonly body: Buffer;
}

export type KeyMode = 'accepts' | 'is slow' | 'throttles' | 'fails' | 'hangs' | 'processes late';
export type Mode =
  'works' | 'is slow' | 'answers 500' | 'answers HTML' | 'hangs' | 'unreachable' | 'loses responses' | 'processes late';

const ATTEMPT_TIMEOUT_MS = 15_000;
/** How long a late request may take. */
const LATE_MS = 40_000;
/** How long a request takes at most if it is slow. */
const SLOW_MS = 3_000;
/** The same for a key that is slow. */
const SLOW_KEY_MS = 1_000;
/** It counts the events of a routing key in a sliding window. */
const WINDOW_MS = 60_000;

/** PagerDuty and the network to it. */
export class SimulatedPagerDuty {
  readonly #scheduler: Scheduler;
  readonly #random: SeededRandom;
  /** By routing key: when it accepted the events of the last minute. */
  readonly #windows = new Map<string, number[]>();
  readonly processed: Processed[] = [];
  readonly keyModes = new Map<string, KeyMode>();
  mode: Mode = 'works';
  /** Events per minute that it accepts of a routing key. */
  rate = Infinity;
  /** Routing keys of which it throttled an event. */
  readonly throttledKeys = new Set<string>();
  readonly requests: Requests;
  readonly retryAfters = new RetryAfters();

  constructor(scheduler: Scheduler, redis: SimulatedRedis) {
    this.#scheduler = scheduler;
    this.requests = new Requests(redis);
    this.#random = new SeededRandom(scheduler.seed, 'PagerDuty');
  }

  /**
   * Posts a message's body as the worker's HTTP client does. Rejects only if the signal is aborted.
   * @param lease of the event's lane
   */
  post(
    process: SimulatedProcess,
    message: { readonly id: string; readonly body: Buffer },
    signal: AbortSignal,
    lease: Lease,
  ): Promise<Attempt> {
    const request = this.requests.sent({
      id: message.id,
      event: eventOf(message.body),
      process,
      at: this.#scheduler.now,
      ownedLane: lease.isGranted,
      ownsLane: lease.isHeld,
      hasCopy: lease.hasCopy(message.id),
      isUncertain: () => lease.isUncertain(message.id),
    });
    this.retryAfters.sent(request);
    const named = `${request.event.action} ${request.id}`;
    this.#scheduler.note(`${process.name} posts ${named} to PagerDuty`);
    return new Promise((resolve, reject) => {
      const settle = (attempt: Attempt): void => {
        if (request.seen !== 'nothing') return;
        this.requests.ended(request, seenOf(attempt), this.#scheduler.now);
        request.hasCopy ||= lease.hasCopy(message.id);
        const wait = THROTTLES.find((throttle) => throttle.attempt === attempt);
        if (wait !== undefined) this.retryAfters.responded(request, wait.waitMs, this.#scheduler.now);
        this.#scheduler.note(`${process.name} gets ${describeAttempt(attempt)} for ${named}`);
        cancelTimeout();
        signal.removeEventListener('abort', abort);
        resolve(attempt);
      };
      const cancelTimeout = process.clock.after(ATTEMPT_TIMEOUT_MS, () =>
        settle({ kind: 'fault', fault: 'timeout', detail: 'timeout' }),
      );
      const abort = (): void => {
        this.requests.ended(request, 'interrupted', this.#scheduler.now);
        this.#scheduler.note(`${process.name} interrupts its request with ${named}`);
        cancelTimeout();
        reject(new Error('aborted'));
      };
      if (signal.aborted) {
        request.fate = 'not processed';
        return abort();
      }
      signal.addEventListener('abort', abort, { once: true });
      const { mode } = this;
      const travel = this.#travelMs(mode, this.keyModes.get(request.event.routingKey));
      this.#scheduler.schedule(travel, `PagerDuty receives ${request.id}`, () => {
        const attempt = this.#process(request, message.body, mode);
        if (attempt !== undefined)
          process.enterAfter(this.#latency(), `PagerDuty's response for ${request.id}`, () => settle(attempt));
      });
    });
  }

  /** Undefined: there is no response. */
  #process(request: EventRequest, body: Buffer, mode: Mode): Attempt | undefined {
    const { event } = request;
    const keyMode = this.keyModes.get(event.routingKey) ?? 'accepts';
    request.fate = 'not processed';
    if (mode === 'unreachable') return this.#random.pick(UNREACHABLE);
    if (mode === 'hangs' || keyMode === 'hangs') return undefined;
    if (mode === 'answers HTML') return this.#random.pick(INTERMEDIARY_ANSWERS);
    if (mode === 'answers 500' || keyMode === 'fails') return this.#random.pick(FAILURES);
    if (keyMode === 'throttles' || this.#exceedsRate(event.routingKey)) {
      this.throttledKeys.add(event.routingKey);
      return this.#random.pick(THROTTLES).attempt;
    }
    if (event.poison === 'rejected') return rejectionOf(event);
    this.#scheduler.note(`PagerDuty processes ${event.action} ${request.id} of ${request.process.name}`);
    request.fate = 'processed';
    request.processedAt = this.#scheduler.now;
    this.processed.push({ at: this.#scheduler.now, request, body });
    if (mode === 'loses responses' && this.#random.fraction() < 0.5) return this.#random.pick(LOST_RESPONSES);
    return ACCEPTED;
  }

  #exceedsRate(key: string): boolean {
    if (this.rate === Infinity) return false;
    const { now } = this.#scheduler;
    const recent = this.#windows.get(key) ?? [];
    this.#windows.set(key, recent);
    while ((recent[0] ?? now) <= now - WINDOW_MS) recent.shift();
    if (recent.length >= this.rate) return true;
    recent.push(now);
    return false;
  }

  /** Of a request. */
  #travelMs(mode: Mode, keyMode: KeyMode | undefined): number {
    if (mode === 'processes late' || keyMode === 'processes late') return this.#random.fraction() * LATE_MS;
    if (mode === 'is slow') return this.#random.fraction() * SLOW_MS;
    return keyMode === 'is slow' ? this.#random.fraction() * SLOW_KEY_MS : this.#latency();
  }

  #latency(): number {
    return 2 + this.#random.fraction() * 8;
  }
}

function seenOf(attempt: Attempt): Exclude<EventRequest['seen'], 'nothing'> {
  if (attempt === ACCEPTED) return 'delivered';
  if (attempt.kind !== 'fault') return 'failed';
  if (attempt.fault === 'timeout') return 'timed out';
  return attempt.fault === 'reset' || attempt.fault === 'cut-short' ? 'connection lost' : 'failed';
}

function describeAttempt(attempt: Attempt): string {
  return attempt.kind === 'response' ? String(attempt.status) : attempt.detail;
}
