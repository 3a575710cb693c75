import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { type Nodes } from './nodes';
import { type Activation } from './activation';
import { type CommandSource, QueueLog } from './queue-log';
import { type QueueOptions, QueueState, type Route } from './queue-state';
import { type Figures, type Member, RaftGroup } from './raft-group';

/** A channel's client of a queue. */
export interface Client {
  readonly channel: object;
  /** The node that the channel is on. */
  readonly node: number;
  /** Whether that node reaches the queue's leader. */
  readonly isConnected: boolean;
  /** There is another leader, which notifies the clients that it knows. */
  leaderChanged(): void;
  /** Its node may reach the leader again. */
  reconnected(): void;
}

/** What queues need of their broker. */
export interface QueueBroker {
  readonly scheduler: Scheduler;
  readonly nodes: Nodes;
  /** How long queues take at most to apply what was sent to them; ms. */
  readonly maxApplyMs: number;
  readonly isSlow: boolean;
  readonly activations: Activation[];
}

/** A queue that was declared more recently does not survive a kill of its broker; ms. */
const FORGOTTEN_MS = 750;

/**
 * A queue: its state, and the log of the commands that change it, which are applied in order. A quorum queue's log is
 * replicated; while its Raft group is not available, commands are appended and not applied.
 */
export class Queue {
  readonly state: QueueState;
  readonly clients = new Set<Client>();
  readonly #broker: QueueBroker;
  readonly #declaredAt: number;
  readonly #raft: RaftGroup;
  readonly #log: QueueLog;
  /** Channels that were cut off, which is not decided yet. */
  readonly #cutOff = new Set<object>();

  /** @param leader the node of its leader */
  constructor(
    readonly options: QueueOptions,
    leader: number,
    broker: QueueBroker,
    route: Route,
  ) {
    const { scheduler, nodes, activations } = broker;
    const { name } = options;
    this.#broker = broker;
    this.#declaredAt = scheduler.now;
    const random = new SeededRandom(scheduler.seed, `queue ${name}`);
    this.#raft = new RaftGroup({ queue: name, leader, scheduler, nodes, random, elected: () => this.#elected() });
    this.state = new QueueState(options, scheduler, {
      route,
      activated: (client) => activations.push({ at: scheduler.now, queue: name, client }),
    });
    this.#log = new QueueLog({ name, broker, random, applied: () => this.state.deliver() });
  }

  /** Whether it applies nothing for now. */
  get isStalled(): boolean {
    return this.options.type === 'quorum' && !this.#raft.isAvailable;
  }

  /** Whether commands that were sent to it are not applied yet. */
  get isBehind(): boolean {
    return !this.#log.isEmpty;
  }

  /** The node of its leader, or of the one that is being elected. */
  get leader(): number {
    return this.#raft.leader;
  }

  leaderKnownTo(node: number): number {
    return this.#raft.leaderKnownTo(node);
  }

  /** What its member on a node does with a command. */
  memberOn(node: number): Member {
    return this.options.type === 'classic' ? 'leads' : this.#raft.memberOn(node);
  }

  /** What the node reports without asking the leader, if it does not have to. */
  figuresAt(node: number): Figures | undefined {
    return this.options.type === 'classic' ? this.state : this.#raft.figuresAt(node, this.state);
  }

  /**
   * The broker is killed and starts again: of the commands that are not applied, only the first ones were written. A queue
   * that was just declared has lost its Raft group, and with it all messages: it never answers again.
   */
  restart(): void {
    this.#log.loseSome();
    this.#raft.isStalled = false;
    if (this.options.type === 'quorum' && this.#broker.scheduler.now - this.#declaredAt < FORGOTTEN_MS) {
      this.#raft.isForgotten = true;
      this.state.clear();
    }
    this.#pace();
  }

  /** The Raft group answers nothing until `resume`. */
  stall(): void {
    if (this.options.type === 'classic')
      throw new Error(`${this.options.name} is a classic queue: it has no Raft group`);
    this.#raft.isStalled = true;
    this.#pace();
  }

  resume(): void {
    this.#raft.isStalled = false;
    this.#pace();
  }

  /** Whether its members do not agree about a leader; takes effect with `nodesChanged`. */
  setContested(isContested: boolean): void {
    this.#raft.isContested = isContested;
  }

  /** It takes up to a second to apply commands, as on a slow disk. */
  setSlow(isSlow: boolean): void {
    this.#log.isSlow = isSlow;
  }

  /** Another node is elected. Some of what was not applied is lost. */
  changeLeader(leader: number): void {
    this.#log.loseSome();
    this.#raft.elect(leader, this.state);
    this.#pace();
  }

  /** Nodes were killed or started, cut off from others, or reach them again. */
  nodesChanged(): void {
    if (this.options.type === 'classic') return;
    const { successor } = this.#raft;
    if (successor !== undefined) this.changeLeader(successor);
    this.#raft.forgetFormer();
    this.#updateConnections();
    for (const client of this.clients) if (client.isConnected) client.reconnected();
    this.#pace();
    if (!this.isStalled) this.state.deliver();
  }

  /** @param from whose command it is, unless it is certain: found out again if it is lost before it is applied */
  append(run: () => void, from?: CommandSource): void {
    this.#log.append({ run, from });
  }

  #elected(): void {
    for (const client of this.clients) client.leaderChanged();
    this.#pace();
    if (!this.isStalled) this.state.deliver();
  }

  #pace(): void {
    if (this.isStalled) this.#log.pause();
    else this.#log.resume();
  }

  /**
   * If a client is cut off, only the first of its commands that are not applied have arrived. Its consumers are suspended
   * as soon as there is a majority that can decide so, even if it is connected again by then.
   */
  #updateConnections(): void {
    for (const client of this.clients) {
      if (client.isConnected) continue;
      this.#log.loseSome(client);
      this.#cutOff.add(client.channel);
    }
    if (!this.#broker.nodes.hasMajority(this.leader)) return;
    this.state.suspend(this.#cutOff);
    this.#cutOff.clear();
    for (const { isConnected, channel } of this.clients) if (isConnected) this.state.resume(channel);
  }
}
