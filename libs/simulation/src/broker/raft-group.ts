import { type Scheduler } from '../scheduler';
import { type SeededRandom } from '../seeded-random';
import { type Nodes } from './nodes';

/** What a queue reports: messages that are ready, and consumers. */
export interface Figures {
  readonly messageCount: number;
  readonly consumerCount: number;
}

interface RaftGroupOptions {
  readonly queue: string;
  /** The node on which the queue was declared. */
  readonly leader: number;
  readonly scheduler: Scheduler;
  readonly nodes: Nodes;
  readonly random: SeededRandom;
  /** Another node has been elected. */
  readonly elected: () => void;
}

/** Longer than any election that was measured. */
const ELECTION_MS = 1_000;

/** The members of a quorum queue, one on each node: which of them leads it, and who knows that. */
export class RaftGroup {
  readonly #options: RaftGroupOptions;
  #leader: number;
  #lastElected: number;
  #elections = 0;
  #isElecting = false;
  /** A leader that was cut off from the others does not know it: it reports what it reported then. */
  #former: { readonly node: number; readonly figures: Figures } | undefined;

  constructor(options: RaftGroupOptions) {
    this.#options = options;
    this.#leader = options.leader;
    this.#lastElected = options.leader;
  }

  /** The node of the leader, or of the one that is being elected. */
  get leader(): number {
    return this.#leader;
  }

  /** Whether commands are applied, as far as the nodes are concerned. */
  get isAvailable(): boolean {
    return !this.#isElecting && this.#options.nodes.hasMajority(this.#leader);
  }

  /** The leader that a node knows: the last one, while another is being elected, and a former one itself. */
  leaderKnownTo(node: number): number {
    return this.#former?.node === node ? node : this.#lastElected;
  }

  /** What the node reports if it does not have to ask the leader: zeros if there is none, or if it does not reach it. */
  figuresAt(node: number, current: Figures): Figures | undefined {
    if (this.#former?.node === node) return this.#former.figures;
    const { nodes } = this.#options;
    if (this.#isElecting || !nodes.reaches(node, this.#leader)) return NONE;
    return nodes.hasMajority(this.#leader) ? undefined : current;
  }

  /** Another node is elected. */
  elect(leader: number, figures: Figures): void {
    const { queue, scheduler, nodes, random, elected } = this.#options;
    if (nodes.isRunning(this.#leader) && !nodes.reaches(this.#leader, leader))
      this.#former = { node: this.#leader, figures };
    this.#leader = leader;
    this.#isElecting = true;
    this.#elections += 1;
    const election = this.#elections;
    scheduler.schedule(random.fraction() * ELECTION_MS, `${queue} is led by node ${leader}`, () => {
      if (election !== this.#elections) return;
      this.#lastElected = leader;
      this.#isElecting = false;
      elected();
    });
  }

  /** The node that has to lead it from now on, because the leader's does not reach a majority any more. */
  get successor(): number | undefined {
    const { nodes } = this.#options;
    return nodes.hasMajority(this.#leader) ? undefined : nodes.successorOf(this.#leader);
  }

  /** @returns the former leader's node if it reaches the leader again, or has ended */
  forgetFormer(): number | undefined {
    const { nodes } = this.#options;
    const node = this.#former?.node;
    if (node === undefined || (nodes.isRunning(node) && !nodes.reaches(node, this.#leader))) return undefined;
    this.#former = undefined;
    return node;
  }
}

const NONE: Figures = { messageCount: 0, consumerCount: 0 };
