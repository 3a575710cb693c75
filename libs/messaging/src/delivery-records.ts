import { type Clock, nextTurn } from '@pdaltagent/clock';
import { type LaneClaim, type LaneClaims } from './lane-claim';

/** Which messages have been delivered. Both calls settle soon; a rejection means that it is unknown. */
export interface DeliveredMarkers {
  /** Those of the ids that are known to be delivered. */
  has(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Remembers a delivery. */
  mark(id: string): Promise<void>;
}

/** What is known before an attempt; `lane-lost`: another worker has or may have had the message's lane. */
export type AttemptCheck = 'new' | 'delivered' | 'lane-lost';

/** Delivered ids that are remembered without Redis: enough for what the broker may redeliver. */
const REMEMBERED = 20_000;
/** Redis is not queried for this long after an error: if it hangs, it must not delay every attempt. */
const PAUSE_MS = 5_000;
/** How soon markers that could not be written are written again. */
const MARK_AGAIN_MS = 1_000;

/** What Redis knows. */
interface Reply {
  readonly delivered: ReadonlySet<string>;
  /** By lane. */
  readonly claims: ReadonlyMap<string, string>;
}

/** What was delivered, remembered by this worker and in Redis, and whose lanes are whose. */
export class DeliveryRecords {
  readonly #markers: DeliveredMarkers;
  readonly #claims: Pick<LaneClaims, 'read'>;
  readonly #clock: Clock;
  readonly #ids = new Set<string>();
  /** Delivered, without a marker. */
  readonly #unmarked = new Set<string>();
  #stopMarking: (() => void) | undefined;
  /** What is requested in this turn of the event loop, and the reply to all of it. */
  #batch:
    { readonly ids: string[]; readonly lanes: Set<string>; readonly reply: Promise<Reply | undefined> } | undefined;
  /** After an error: when Redis is queried again, with a single query first. */
  #askAgainAt: number | undefined;

  constructor(markers: DeliveredMarkers, claims: Pick<LaneClaims, 'read'>, clock: Clock) {
    this.#markers = markers;
    this.#claims = claims;
    this.#clock = clock;
  }

  /**
   * Remembers a delivery here and in the markers; settles once it is written or the markers are known to be
   * unreachable.
   */
  async add(id: string): Promise<void> {
    remember(this.#ids, id);
    await this.#mark(id);
  }

  async #mark(id: string): Promise<boolean> {
    try {
      await this.#markers.mark(id);
      return true;
    } catch {
      remember(this.#unmarked, id);
      this.#stopMarking ??= this.#clock.after(MARK_AGAIN_MS, () => void this.#markAgain());
      return false;
    }
  }

  /** Until one fails again. A message may have another copy, which another worker receives once it has the lane. */
  async #markAgain(): Promise<void> {
    this.#stopMarking = undefined;
    for (const id of [...this.#unmarked]) {
      this.#unmarked.delete(id);
      if (!(await this.#mark(id))) return;
    }
  }

  /** Whether this worker delivered it. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /**
   * To be called before each attempt: whether the message was delivered, and whether the lane is still ours. What is requested in one
   * turn of the event loop is queried together. Never rejects: without Redis a message is new, and the lane ours.
   */
  async check(id: string, claim: Pick<LaneClaim, 'lane' | 'stands'>): Promise<AttemptCheck> {
    if (this.#ids.has(id)) return 'delivered';
    this.#batch ??= this.#openBatch();
    this.#batch.ids.push(id);
    this.#batch.lanes.add(claim.lane);
    const reply = await this.#batch.reply;
    if (reply === undefined) return 'new';
    // Absent if another owner has left the lane since, whose parked keys are unknown, or if Redis lost it: both are the same here.
    if (!claim.stands(reply.claims.get(claim.lane))) return 'lane-lost';
    return reply.delivered.has(id) ? 'delivered' : 'new';
  }

  #openBatch() {
    const ids: string[] = [];
    const lanes = new Set<string>();
    const reply = new Promise<void>((resolve) => nextTurn(resolve)).then(() => {
      this.#batch = undefined;
      return this.#query(ids, [...lanes]);
    });
    return { ids, lanes, reply };
  }

  async #query(ids: readonly string[], lanes: readonly string[]): Promise<Reply | undefined> {
    const now = this.#clock.monotonic();
    if (this.#askAgainAt !== undefined) {
      if (now < this.#askAgainAt) return undefined;
      // Others proceed while one query is in flight.
      this.#askAgainAt = Number.POSITIVE_INFINITY;
    }
    try {
      // Both are sent together; markers first: who delivers a message has claimed its lane before.
      const [delivered, claims] = await Promise.all([this.#markers.has(ids), this.#claims.read(lanes)]);
      this.#askAgainAt = undefined;
      return { delivered, claims };
    } catch {
      this.#askAgainAt = this.#clock.monotonic() + PAUSE_MS;
      return undefined;
    }
  }
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  const [oldest] = ids;
  if (ids.size > REMEMBERED && oldest !== undefined) ids.delete(oldest);
}
