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

/**
 * What a member does with a command that a client sends to it: the leader appends it, a follower rejects it and names the
 * leader, and one that knows no leader, or does not know that it leads no longer, loses it.
 */
export type Member = 'leads' | 'follows' | 'loses commands';

/** Longer than any election that was measured. */
const ELECTION_MS = 1_000;

/** The members of a quorum queue, one on each node: which of them leads it, and who knows that. */
export class RaftGroup {
  readonly #options: RaftGroupOptions;
  #leader: number;
  #lastElected: number;
  #elections = 0;
  #isElecting = false;
  /** It answers nothing, whatever the nodes do. */
  isStalled = false;
  /** Its members do not agree about a leader. */
  isContested = false;
  /** It never answers again. */
  isForgotten = false;
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

  /** Whether commands are applied. */
  get isAvailable(): boolean {
    if (this.isStalled || this.isContested || this.isForgotten || this.#isElecting) return false;
    return this.#options.nodes.hasMajority(this.#leader);
  }

  memberOn(node: number): Member {
    if (this.#isElecting || this.#former?.node === node) return 'loses commands';
    if (node === this.#leader) return 'leads';
    return this.#options.nodes.reaches(node, this.#leader) ? 'follows' : 'loses commands';
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
  elect(leader: number, { messageCount, consumerCount }: Figures): void {
    const { nodes } = this.#options;
    if (nodes.isRunning(this.#leader) && !nodes.reaches(this.#leader, leader))
      this.#former = { node: this.#leader, figures: { messageCount, consumerCount } };
    this.#leader = leader;
    this.#isElecting = true;
    this.#elections += 1;
    this.#campaign(this.#elections);
  }

  #campaign(election: number): void {
    const { queue, scheduler, nodes, random, elected } = this.#options;
    const leader = this.#leader;
    scheduler.schedule(random.fraction() * ELECTION_MS, `${queue} is led by node ${leader}`, () => {
      if (election !== this.#elections) return;
      // It was cut off meanwhile, and gets no votes.
      if (!nodes.hasMajority(leader)) return this.#campaign(election);
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

  /** The former leader learns that it is not any more once its node reaches the leader again, or has ended. */
  forgetFormer(): void {
    const { nodes } = this.#options;
    const node = this.#former?.node;
    if (node !== undefined && (!nodes.isRunning(node) || nodes.reaches(node, this.#leader))) this.#former = undefined;
  }
}

/** What is reported without an answer. */
export const NONE: Figures = { messageCount: 0, consumerCount: 0 };
