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
  /** Whether the broker had not given the worker's lanes to others when it was sent. */
  readonly ownedLanes: boolean;
  readonly ownsLanes: () => boolean;
  /**
   * Earlier requests of the alert that were in flight, or of the same message, when it was sent: the limit that permits it,
   * or undefined if none does.
   */
  readonly earlier: ReadonlyMap<EventRequest, Limit | undefined>;
  /** Those of them that their worker still waited for. */
  readonly overlapped: readonly EventRequest[];
  /** What its worker knows of it. */
  seen: 'nothing' | 'delivered' | 'failed' | 'timed out' | 'connection lost' | 'interrupted';
  /** What PagerDuty did with it. */
  fate: 'travelling' | 'processed' | 'not processed';
}

type Markers = Pick<SimulatedRedis, 'whyUnmarked' | 'hasQueriedBeforeMarker'>;

/** The requests of all workers: decides when each is sent which documented limit permits it. */
export class Requests {
  readonly #redis: Markers;
  /** By alert, those that may matter to a later one. */
  readonly #alerts = new Map<string, EventRequest[]>();
  /** By process, those that it may still wait for. */
  readonly #waiting = new Map<SimulatedProcess, readonly EventRequest[]>();
  readonly all: EventRequest[] = [];
  /** The most that a worker waited for concurrently. */
  mostConcurrent = 0;

  constructor(redis: Markers) {
    this.#redis = redis;
  }

  sent(message: Pick<EventRequest, 'id' | 'event' | 'process' | 'at' | 'ownsLanes'>): EventRequest {
    const { id, event, process, ownsLanes } = message;
    const known = (this.#alerts.get(event.alert) ?? []).filter(mayMatter);
    const earlier = known.filter((other) => other.id === id || isUnfinished(other));
    const request: EventRequest = {
      ...message,
      number: this.all.length,
      ownedLanes: ownsLanes(),
      earlier: new Map(earlier.map((other) => [other, this.#limitOf(other, process, id)])),
      overlapped: earlier.filter(({ seen }) => seen === 'nothing'),
      seen: 'nothing',
      fate: 'travelling',
    };
    known.push(request);
    this.#alerts.set(event.alert, known);
    this.all.push(request);
    const waiting = [...(this.#waiting.get(process) ?? []).filter(({ seen }) => seen === 'nothing'), request];
    this.#waiting.set(process, waiting);
    this.mostConcurrent = Math.max(this.mostConcurrent, waiting.length);
    return request;
  }

  /** Whether PagerDuty may still receive one, or a worker still waits for a response. */
  get areAnyUnderWay(): boolean {
    return this.all.some(({ fate, seen, process }) => fate === 'travelling' || (seen === 'nothing' && !process.isDead));
  }

  /** Why the worker may send the message although there was the other request. */
  #limitOf(other: EventRequest, process: SimulatedProcess, id: string): Limit | undefined {
    if (other.seen === 'timed out') return 'a request arrives after its timeout';
    if (other.seen === 'connection lost') return 'a response is lost';
    if (other.seen === 'delivered') {
      // It remembers what it has delivered.
      if (other.process === process) return undefined;
      const reason = this.#redis.whyUnmarked(process, id);
      // If it asked before the marker was written, the other request was in flight for all that it could know.
      if (reason !== undefined || !this.#redis.hasQueriedBeforeMarker(process, id, other.at)) return reason;
    }
    if (other.process.isDead) return 'a worker ends during a request';
    if (other.ownedLanes && !other.ownsLanes()) return 'a lane changes workers during a request';
    return other.seen === 'interrupted' ? 'an interrupted request arrives' : undefined;
  }
}

function isUnfinished({ seen, fate }: EventRequest): boolean {
  return seen === 'nothing' || fate === 'travelling';
}

function mayMatter(request: EventRequest): boolean {
  return request.fate === 'processed' || isUnfinished(request);
}
