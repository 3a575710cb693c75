/** Nodes of a cluster, by number. A connection is made to one of them, and a quorum queue's leader is on one of them. */
export const NODES = 3;

/** Which nodes reach each other. At most one is cut off: the others are a majority. */
export class Nodes {
  /** The node that is cut off from the others, because it was isolated or killed. */
  #separate: number | undefined;

  get separate(): number | undefined {
    return this.#separate;
  }

  reaches(one: number, other: number): boolean {
    return one === other || (one !== this.#separate && other !== this.#separate);
  }

  separateFromOthers(node: number): void {
    if (this.#separate !== undefined) throw new Error('not simulated: a cluster without a majority');
    this.#separate = node;
  }

  join(): void {
    this.#separate = undefined;
  }

  /** Another node than this one, which reaches the majority. */
  successorOf(node: number): number {
    const next = (node + 1) % NODES;
    return next === this.#separate ? (next + 1) % NODES : next;
  }
}
