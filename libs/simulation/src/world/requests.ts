import { type SimulatedProcess } from '../simulated-process';
import { type SimulatedEvent } from './event';
import { type Limit } from './limits';
import { type SimulatedRedis } from './simulated-redis';

/** A worker's request to PagerDuty, and what became of it. */
export interface EventRequest {
  /** Of the message. */
  readonly id: string;
  readonly event: SimulatedEvent;
  readonly process: SimulatedProcess;
  /** When it was sent; ms. */
  readonly at: number;
  /** Requests are numbered in the order in which they are sent. */
  readonly number: number;
  /** Whether the worker had its lane when it was sent, for all that it could know. */
  readonly ownedLane: boolean;
  /** Whether it has it still: it has not lost the connection with which it had it, nor was demoted. */
  readonly ownsLane: () => boolean;
  /** Whether the broker had the message twice when it was sent, or when its response came. */
  hasCopy: boolean;
  /** Whether a publisher of it has sent it twice, or got no confirm: otherwise the broker has a copy only during a move. */
  readonly isUncertain: () => boolean;
  /**
   * Earlier requests of the alert that were in flight, or of the same message, when it was sent: the limit that permits it,
   * or undefined if none does.
   */
  readonly earlier: ReadonlyMap<EventRequest, Limit | undefined>;
  /** Those of them that their worker still waited for. */
  readonly overlapped: readonly EventRequest[];
  /** Those with the same message of which its worker could know that they had delivered it. */
  readonly known: readonly EventRequest[];
  /** What its worker knows of it. */
  seen: 'nothing' | 'delivered' | 'failed' | 'timed out' | 'connection lost' | 'interrupted';
  /** How long it had been in flight then; ms. */
  ms: number;
  /** Whether the worker had lost its lane by then. */
  lostLane: boolean;
  /** What PagerDuty did with it. */
  fate: 'travelling' | 'processed' | 'not processed';
  /** When it was processed; ms. Undefined if it was not. */
  processedAt: number | undefined;
}

/** A worker interrupts no request that is younger (docs/architecture.md, "Hanging requests"); ms. */
const INTERRUPTED_AFTER_MS = 2_000;

type Markers = Pick<SimulatedRedis, 'whyUnmarked' | 'hasQueriedBeforeMarker'>;

/** The requests of all workers: decides when each is sent which documented limit permits it. */
export class Requests {
  readonly #redis: Markers;
  /** By alert, those that were not finished when its last one was sent. */
  readonly #unfinished = new Map<string, EventRequest[]>();
  /** By message, those that were finished then, and had been processed. */
  readonly #processed = new Map<string, EventRequest[]>();
  /** Those that may be under way. */
  #underWay: EventRequest[] = [];
  /** By process, those that it may still wait for. */
  readonly #waiting = new Map<SimulatedProcess, EventRequest[]>();
  readonly all: EventRequest[] = [];
  /** The most that a worker waited for concurrently. */
  mostConcurrent = 0;

  constructor(redis: Markers) {
    this.#redis = redis;
  }

  sent(
    message: Pick<
      EventRequest,
      'id' | 'event' | 'process' | 'at' | 'ownedLane' | 'ownsLane' | 'hasCopy' | 'isUncertain'
    >,
  ): EventRequest {
    const { id, event, process } = message;
    const unfinished = this.#unfinishedOf(event.alert);
    const earlier = [...(this.#processed.get(id) ?? []), ...unfinished].sort(inOrder);
    const request: EventRequest = {
      number: this.all.length,
      earlier: new Map(earlier.map((other) => [other, this.#limitOf(other, process, id)])),
      overlapped: earlier.filter(({ seen }) => seen === 'nothing'),
      known: earlier.filter((other) => other.id === id && this.#canKnow(other, process)),
      seen: 'nothing',
      ms: 0,
      lostLane: false,
      fate: 'travelling',
      processedAt: undefined,
      // Last: otherwise V8 gives each request a hidden class of its own.
      ...message,
    };
    unfinished.push(request);
    this.#unfinished.set(event.alert, unfinished);
    this.#underWay.push(request);
    this.all.push(request);
    const waiting = (this.#waiting.get(process) ?? []).filter(({ seen }) => seen === 'nothing');
    waiting.push(request);
    this.#waiting.set(process, waiting);
    this.mostConcurrent = Math.max(this.mostConcurrent, waiting.length);
    return request;
  }

  /** The worker learns what became of its request, or interrupts it. */
  ended(request: EventRequest, seen: Exclude<EventRequest['seen'], 'nothing'>, now: number): void {
    Object.assign(request, { seen, ms: now - request.at, lostLane: hasLostLane(request) });
  }

  /** Whether PagerDuty may still receive one, or a worker still waits for a response. */
  get areAnyUnderWay(): boolean {
    this.#underWay = this.#underWay.filter(isUnderWay);
    return this.#underWay.length > 0;
  }

  /** What is finished remains so. */
  #unfinishedOf(alert: string): EventRequest[] {
    const known = this.#unfinished.get(alert) ?? [];
    for (const request of known)
      if (!isUnfinished(request) && request.fate === 'processed') this.#addProcessed(request);
    return known.filter(isUnfinished);
  }

  #addProcessed(request: EventRequest): void {
    const known = this.#processed.get(request.id);
    if (known === undefined) this.#processed.set(request.id, [request]);
    else known.push(request);
  }

  /** Why the worker may send the message although there was the other request. */
  #limitOf(other: EventRequest, process: SimulatedProcess, id: string): Limit | undefined {
    switch (other.seen) {
      case 'nothing':
        return lossDuring(other);
      case 'delivered':
        return this.#whyForgotten(other, process, id);
      case 'timed out':
        return 'a request arrives after its timeout';
      case 'connection lost':
      case 'failed':
        return 'a response is lost';
      case 'interrupted':
        if (other.ms >= INTERRUPTED_AFTER_MS) return 'an interrupted request arrives';
        return other.lostLane ? 'a worker loses its lane during a request' : undefined;
    }
  }

  /** Whether the worker delivered the message itself, or its marker was there when it looked for it. */
  #canKnow({ id, process, seen, at }: EventRequest, by: SimulatedProcess): boolean {
    if (seen !== 'delivered') return false;
    if (process === by) return true;
    return this.#redis.whyUnmarked(by, id) === undefined && !this.#redis.hasQueriedBeforeMarker(by, id, at);
  }

  /** Why the worker does not know that another one has delivered the message. */
  #whyForgotten(other: EventRequest, process: SimulatedProcess, id: string): Limit | undefined {
    // It remembers what it has delivered.
    if (other.process === process) return undefined;
    const reason = this.#redis.whyUnmarked(process, id);
    if (reason !== undefined) return isAckLost(other) || (other.hasCopy && other.isUncertain()) ? reason : undefined;
    // If it asked before the marker was written, the other request was in flight for all that it could know.
    return this.#redis.hasQueriedBeforeMarker(process, id, other.at) ? lossDuring(other) : undefined;
  }
}

/** Why a request may still be in flight when the broker gives its message to another worker: it is the only one. */
function lossDuring(request: EventRequest): Limit | undefined {
  const { process, ownedLane } = request;
  // A worker that is stopped waits for its requests.
  if (process.isDead) return process.wasKilled && ownedLane ? 'a worker is killed during a request' : undefined;
  return hasLostLane(request) ? 'a worker loses its lane during a request' : undefined;
}

function hasLostLane({ ownedLane, ownsLane }: EventRequest): boolean {
  return ownedLane && !ownsLane();
}

/** Whether the broker may deliver the message again after its delivery. */
function isAckLost({ process, ownsLane }: EventRequest): boolean {
  return process.isDead ? process.wasKilled : !ownsLane();
}

function isUnfinished({ seen, fate }: EventRequest): boolean {
  return seen === 'nothing' || fate === 'travelling';
}

/** Once it is not, it never is again. */
function isUnderWay({ fate, seen, process }: EventRequest): boolean {
  return fate === 'travelling' || (seen === 'nothing' && !process.isDead);
}

function inOrder(left: EventRequest, right: EventRequest): number {
  return left.number - right.number;
}
