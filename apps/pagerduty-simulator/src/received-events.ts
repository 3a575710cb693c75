import { createHash } from 'node:crypto';
import { BoundedList } from './bounded-list';
import { type Api } from './events/routes';
import { StringPool } from './string-pool';

/** What became of an event's alert. */
export type AlertChange = 'opened' | 'repeated' | 'acknowledged' | 'resolved' | 'unchanged' | 'dropped' | 'none';

/** One request that arrived at an events path, and what was answered. Times are milliseconds since 1970. */
export interface ReceivedEvent {
  /** Counts from 1, without gaps, in the order in which the requests were complete. */
  sequence: number;
  receivedAt: number;
  /** When the answer was handed to the socket; null while it is not, or never will be. */
  answeredAt: number | null;
  readonly api: Api;
  readonly path: string;
  readonly routingKey: string | null;
  readonly dedupKey: string | null;
  readonly action: string | null;
  /** Whether the event was taken: it counts, whatever became of its answer. */
  accepted: boolean;
  /** The status of the answer; null where none was sent. */
  status: number | null;
  /** The key that the answer gave: the sender's, or one made for a trigger without. */
  answeredKey: string | null;
  alert: AlertChange;
  fault: string | null;
  readonly bodyBytes: number;
  /** null where bodies are not kept. */
  readonly body: Buffer | null;
  /** SHA-256 in hex where bodies are not kept. */
  readonly sha256: string | null;
  /** Names and values in turn, as they came; null where bodies are not kept. */
  readonly rawHeaders: readonly string[] | null;
}

export type NewReceivedEvent = Pick<
  ReceivedEvent,
  'receivedAt' | 'api' | 'path' | 'routingKey' | 'dedupKey' | 'action'
> & {
  readonly bytes: Buffer;
  readonly rawHeaders: readonly string[];
};

export interface ReceivedEventsOptions {
  readonly keepBodies: boolean;
  readonly maximum: number;
}

/** Everything that arrived, in order. It is what a test compares with what was sent. */
export class ReceivedEvents {
  readonly #keepBodies: boolean;
  readonly #list: BoundedList<ReceivedEvent>;
  readonly #strings = new StringPool();
  readonly #awaitingSwap = new Map<string, ReceivedEvent>();
  #waiters: (() => void)[] = [];

  constructor({ keepBodies, maximum }: ReceivedEventsOptions) {
    this.#keepBodies = keepBodies;
    this.#list = new BoundedList(maximum);
  }

  /** An arrival that is not recorded yet. */
  make({ bytes, rawHeaders, receivedAt, api, path, routingKey, dedupKey, action }: NewReceivedEvent): ReceivedEvent {
    const keep = this.#keepBodies;
    return {
      sequence: 0,
      receivedAt,
      api,
      path: this.#strings.intern(path),
      routingKey: routingKey === null ? null : this.#strings.intern(routingKey),
      dedupKey,
      action: action === null ? null : this.#strings.intern(action),
      answeredAt: null,
      accepted: false,
      status: null,
      answeredKey: null,
      alert: 'none',
      fault: null,
      bodyBytes: bytes.length,
      body: keep ? bytes : null,
      sha256: keep ? null : createHash('sha256').update(bytes).digest('hex'),
      rawHeaders: keep ? rawHeaders : null,
    };
  }

  record(event: ReceivedEvent): void {
    event.sequence = this.#list.dropped + this.#list.items.length + 1;
    this.#list.push(event);
    if (this.#awaitingSwap.size > 0) this.#swap(event);
    const waiters = this.#waiters;
    if (waiters.length > 0) {
      this.#waiters = [];
      for (const wake of waiters) wake();
    }
  }

  /** The next record of this arrival's alert takes its place, and it takes that one's. */
  swapWithNext(event: ReceivedEvent): void {
    this.#awaitingSwap.set(alertOf(event), event);
  }

  /** Settles at the next arrival. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  get items(): readonly ReceivedEvent[] {
    return this.#list.items;
  }

  /** How many there were, the forgotten ones included. */
  get total(): number {
    return this.#list.dropped + this.#list.items.length;
  }

  clear(): void {
    this.#list.clear();
    this.#awaitingSwap.clear();
  }

  #swap(later: ReceivedEvent): void {
    const earlier = this.#awaitingSwap.get(alertOf(later));
    if (!earlier || earlier === later) return;
    this.#awaitingSwap.delete(alertOf(later));
    const { sequence, receivedAt } = earlier;
    Object.assign(earlier, { sequence: later.sequence, receivedAt: later.receivedAt });
    Object.assign(later, { sequence, receivedAt });
    this.#list.set(earlier.sequence - 1, earlier);
    this.#list.set(later.sequence - 1, later);
  }
}

function alertOf({ routingKey, dedupKey }: ReceivedEvent): string {
  return `${routingKey} ${dedupKey}`;
}
