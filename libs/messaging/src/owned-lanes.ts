import { type LaneDepths } from './lane-depths';
import { type UnackedMessage } from './lane-consumer';
import { type LaneOwner } from './lane-owner';

/** The lanes that a worker works, by their index. */
export class OwnedLanes {
  readonly #owners = new Map<number, LaneOwner>();

  get count(): number {
    return this.#owners.size;
  }

  /** As they are now: one may go while the others are walked through. */
  get indices(): readonly number[] {
    return [...this.#owners.keys()];
  }

  get owners(): readonly LaneOwner[] {
    return [...this.#owners.values()];
  }

  /** Everything that is taken off the lanes and their sidings. */
  get held(): readonly UnackedMessage[] {
    return this.owners.flatMap(({ held }) => held);
  }

  /** Routing keys that stand on a siding. */
  get keysAside(): number {
    return this.owners.reduce((sum, { keysAside: aside }) => sum + aside, 0);
  }

  /** Lanes in which a key holds its neighbours up and cannot be moved aside. */
  get withoutIsolation(): number {
    return this.owners.filter(({ isolationSuspended }) => isolationSuspended).length;
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

  /** Has each, while it is silent, look for what waits in a siding that nobody consumes. */
  async takeOverStranded(): Promise<void> {
    for (const owner of this.owners) await owner.takeOverStranded();
  }

  /** Another owner may have the lane by now. */
  remove(owner: LaneOwner): void {
    if (this.#owners.get(owner.index) === owner) this.#owners.delete(owner.index);
  }

  /** Messages not yet delivered of each lane, what is held and what the broker has still. */
  depths(counted: LaneDepths): ReadonlyMap<number, number> {
    return new Map(this.owners.map(({ index, held }) => [index, held.length + counted.of(index)]));
  }
}
