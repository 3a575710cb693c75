import { type ParkedByLane } from './announcement';
import { type LaneDepths } from './lane-depths';
import { type UnackedMessage } from './lane-channel';
import { excessLane, laneForOthers } from './lane-memory';
import { type LaneOwner } from './lane-owner';

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

  /** Releases lanes, which may be taken again, until the others hold no more than the limit. */
  releaseExcess(limitBytes: number): void {
    for (let lane = excessLane(this.owners, limitBytes); lane !== undefined; lane = excessLane(this.owners, limitBytes))
      void lane.release();
  }

  /** Releases a lane, because others wait for memory. @param now monotonic */
  releaseForOthers(now: number): void {
    void laneForOthers(this.owners, now)?.release();
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
