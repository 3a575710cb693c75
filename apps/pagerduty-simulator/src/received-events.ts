import { createHash } from 'node:crypto';
import { BoundedList } from './bounded-list';
import { type Api } from './events/routes';
import { StringPool } from './string-pool';

/** What an event did to its alert. */
export type AlertChange = 'opened' | 'repeated' | 'acknowledged' | 'resolved' | 'unchanged' | 'dropped' | 'none';

/** One request to an events path, with its answer. Times are milliseconds since 1970. */
export interface ReceivedEvent {
  /** Counts from 1, without gaps, in the order in which requests were complete. */
  sequence: number;
  receivedAt: number;
  /** When the response was written to the socket; null before that, or if none was sent. */
  answeredAt: number | null;
  readonly api: Api;
  readonly path: string;
  readonly routingKey: string | null;
  readonly dedupKey: string | null;
  readonly action: string | null;
  /** Whether the event was accepted, even if its answer was lost. */
  accepted: boolean;
  /** Status of the response; null if none was sent. */
  status: number | null;
  /** The dedup key in the answer: the sender's, or one generated for a trigger without. */
  answeredKey: string | null;
  alert: AlertChange;
  fault: string | null;
  readonly bodyBytes: number;
  /** null if bodies are not kept. */
  readonly body: Buffer | null;
  /** SHA-256 in hex, if bodies are not kept. */
  readonly sha256: string | null;
  /** Alternating names and values, as received; null if bodies are not kept. */
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

/** All received events, in order; tests compare them with what was sent. */
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

  /** Creates the record of an event without storing it. */
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

  /** Swaps this record with the next one of its alert. */
  swapWithNext(event: ReceivedEvent): void {
    this.#awaitingSwap.set(alertOf(event), event);
  }

  /** Resolves when the next event is recorded. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  get items(): readonly ReceivedEvent[] {
    return this.#list.items;
  }

  /** Number of records, including dropped ones. */
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
