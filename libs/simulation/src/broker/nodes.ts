/** Nodes of a cluster, by number. A connection is made to one of them, and a quorum queue's leader is on one of them. */
export const NODES = 3;

/** Any two of them. */
export const NODE_PAIRS: readonly (readonly [number, number])[] = [
  [0, 1],
  [1, 2],
  [2, 0],
];

const ALL = Array.from({ length: NODES }, (_, node) => node);

/** Which nodes run, and which reach each other. */
export class Nodes {
  readonly #down = new Set<number>();
  readonly #isolated = new Set<number>();
  /** Pairs that do not reach each other, although both may reach the third node. */
  readonly #separated = new Set<readonly [number, number]>();
  /** Nodes that have lost all others for a moment. */
  readonly disrupted = new Set<number>();

  isRunning(node: number): boolean {
    return !this.#down.has(node);
  }

  reaches(one: number, other: number): boolean {
    if (!this.isRunning(one) || !this.isRunning(other)) return false;
    if (one === other) return true;
    if (this.#isAlone(one) || this.#isAlone(other)) return false;
    for (const pair of this.#separated) if (pair.includes(one) && pair.includes(other)) return false;
    return true;
  }

  #isAlone(node: number): boolean {
    return this.disrupted.has(node) || this.#isolated.has(node);
  }

  /** Whether the node reaches a majority, so that a queue can have its leader there. */
  hasMajority(node: number): boolean {
    return ALL.filter((other) => this.reaches(node, other)).length > NODES / 2;
  }

  /** Another node than this one that reaches a majority. */
  successorOf(node: number): number | undefined {
    return ALL.map((step) => (node + step) % NODES).find((other) => other !== node && this.hasMajority(other));
  }

  kill(node: number): void {
    this.#down.add(node);
  }

  start(node: number): void {
    this.#down.delete(node);
  }

  isolate(node: number): void {
    this.#isolated.add(node);
  }

  heal(node: number): void {
    this.#isolated.delete(node);
  }

  /** @param pair one of `NODE_PAIRS` */
  separate(pair: readonly [number, number]): void {
    this.#separated.add(pair);
  }

  rejoin(pair: readonly [number, number]): void {
    this.#separated.delete(pair);
  }

  /** Whether it does not reach another one, although both may reach the third. */
  isSeparated(node: number): boolean {
    return [...this.#separated].some((pair) => pair.includes(node));
  }
}
