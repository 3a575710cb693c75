import { type ParkedByLane } from './announcement';
import { type LaneDepths } from './lane-depths';
import { type UnackedMessage } from './lane-channel';
import { type LaneOwner } from './lane-owner';

/** How long a lane is not released although others wait for memory. */
const TURN_MS = 2_000;
/** The same if no lane has acknowledged anything for as long: while PagerDuty is unavailable, the others would gain nothing. */
const TURN_WITHOUT_PROGRESS_MS = 10_000;

/** The lanes that a worker owns, by index. */
export class OwnedLanes {
  readonly #owners = new Map<number, LaneOwner>();

  get count(): number {
    return this.#owners.size;
  }

  /** A snapshot: a lane may be removed during iteration. */
  get indices(): readonly number[] {
    return [...this.#owners.keys()];
  }

  /** Those that are subscribed to. */
  get consumed(): readonly number[] {
    return this.owners.flatMap(({ index, isConsuming }) => (isConsuming ? [index] : []));
  }

  get owners(): readonly LaneOwner[] {
    return [...this.#owners.values()];
  }

  /** Every message held from the lanes and their sidings. */
  get held(): readonly UnackedMessage[] {
    return this.owners.flatMap(({ held }) => held);
  }

  /** Routing keys parked on a siding. */
  get parkedKeys(): number {
    return this.owners.reduce((sum, { parkedKeys: keys }) => sum + keys, 0);
  }

  get parkedByLane(): ParkedByLane {
    return this.owners.flatMap(({ index, parkedKeys: keys }) => (keys > 0 ? [[index, keys] as const] : []));
  }

  /** Lanes that are blocked by a key that cannot be parked. */
  get withoutIsolation(): number {
    return this.owners.filter(({ isIsolationSuspended }) => isIsolationSuspended).length;
  }

  has(index: number): boolean {
    return this.#owners.has(index);
  }

  get(index: number): LaneOwner | undefined {
    return this.#owners.get(index);
  }

  add(owner: LaneOwner): void {
    this.#owners.set(owner.index, owner);
  }

  /**
   * Releases the largest lanes, which may be taken again, until those that are left hold less; not one that has acknowledged nothing
   * since its last queue was opened: it would get the same messages again, and if these alone are too many, deliver nothing ever.
   */
  releaseExcess(limitBytes: number): void {
    for (;;) {
      const bytes = this.owners.reduce((sum, owner) => sum + owner.bytes, 0);
      const largest = bytes > limitBytes ? this.#largest(({ ackedAt, openedAt }) => ackedAt > openedAt) : undefined;
      if (largest === undefined) return;
      void largest.release();
    }
  }

  /** Releases the largest that has had its turn, because others wait for memory. @param now monotonic */
  releaseForOthers(now: number): void {
    const isStuck = this.owners.every(({ ackedAt }) => now - ackedAt >= TURN_WITHOUT_PROGRESS_MS);
    const turnMs = isStuck ? TURN_WITHOUT_PROGRESS_MS : TURN_MS;
    void this.#largest(({ openedAt }) => now - openedAt >= turnMs)?.release();
  }

  #largest(isEligible: (owner: LaneOwner) => boolean): LaneOwner | undefined {
    const [largest] = this.owners
      .filter((owner) => owner.bytes > 0 && isEligible(owner))
      .sort((left, right) => right.bytes - left.bytes);
    return largest;
  }

  /** Removes this owner only: the lane may have another one by now. */
  remove(owner: LaneOwner): void {
    if (this.#owners.get(owner.index) === owner) this.#owners.delete(owner.index);
  }

  /** Undelivered messages of each lane: held here, or still in the broker. */
  depths(counted: LaneDepths): ReadonlyMap<number, number> {
    return new Map(this.owners.map(({ index, held }) => [index, held.length + counted.of(index)]));
  }
}
