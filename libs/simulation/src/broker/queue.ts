import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { withDeath } from './deaths';
import { type Nodes } from './nodes';
import { type QueueConsumer, QueueConsumers } from './queue-consumers';
import { type CommandSource, QueueLog } from './queue-log';
import { type BrokerMessage, type QueueEntry } from './queue-message';
import { type Figures, RaftGroup } from './raft-group';
import { ReadyMessages } from './ready-messages';

export interface QueueOptions {
  readonly name: string;
  readonly type: 'quorum' | 'classic';
  readonly singleActiveConsumer: boolean;
  readonly hasDeliveryLimit: boolean;
  /** The only connection that may use it; the queue is deleted when that connection ends. */
  readonly exclusiveTo: object | undefined;
  /** Where rejected messages go. */
  readonly deadLetters: { readonly exchange: string; readonly routingKey: string } | undefined;
}

/** A channel's client of a queue. */
export interface Client {
  readonly channel: object;
  /** The node that the channel is on. */
  readonly node: number;
  /** Whether that node reaches the queue's leader. */
  readonly isConnected: boolean;
  /** There is another leader: sends again what is not known to be applied. */
  leaderChanged(): void;
  /** Its node may reach the leader again. @param wasLeader whether the node is a former leader's */
  reconnected(wasLeader: boolean): void;
}

/** What queues need of their broker. */
export interface QueueBroker {
  readonly scheduler: Scheduler;
  readonly nodes: Nodes;
  /** How long queues take at most to apply what was sent to them; ms. */
  readonly maxApplyMs: number;
}

/** A queue that was declared more recently does not survive a kill of its broker; ms. */
const FORGOTTEN_MS = 750;

/**
 * A queue and the log of its commands, which are applied in order. A quorum queue's Raft group can stall: then commands
 * are appended and not applied.
 */
export class Queue {
  readonly #broker: QueueBroker;
  readonly #declaredAt: number;
  readonly #raft: RaftGroup;
  readonly #random: SeededRandom;
  readonly #route: (exchange: string, routingKey: string, message: BrokerMessage) => void;
  readonly #log: QueueLog;
  readonly #ready: ReadyMessages;
  readonly #consumers: QueueConsumers;
  readonly clients = new Set<Client>();
  /** Channels that were cut off, which is not decided yet. */
  readonly #cutOff = new Set<object>();
  /** Its members do not agree about a leader. */
  isContested = false;
  #isStalled = false;
  #isForgotten = false;
  /** The client of the active consumer, as the trace has it. */
  #activeClient: string | undefined;

  /** @param leader the node of its leader */
  constructor(
    readonly options: QueueOptions,
    leader: number,
    broker: QueueBroker,
    route: (exchange: string, routingKey: string, message: BrokerMessage) => void,
  ) {
    this.#broker = broker;
    this.#declaredAt = broker.scheduler.now;
    this.#route = route;
    this.#random = new SeededRandom(broker.scheduler.seed, `queue ${options.name}`);
    const { scheduler, nodes } = broker;
    const random = this.#random;
    this.#raft = new RaftGroup({
      queue: options.name,
      leader,
      scheduler,
      nodes,
      random,
      elected: () => this.#elected(),
    });
    this.#ready = new ReadyMessages(options);
    this.#consumers = new QueueConsumers(options);
    this.#log = new QueueLog({ name: options.name, broker, random: this.#random, applied: () => this.#deliver() });
  }

  get messageCount(): number {
    return this.#ready.count;
  }

  get consumerCount(): number {
    return this.#consumers.count;
  }

  /** Whether a consumer of the channel was active, and is not any more although it has not ended. */
  isDemoted(channel: object): boolean {
    return this.#consumers.isDemoted(channel);
  }

  hasConsumerOf(channel: object): boolean {
    return this.#consumers.includes(channel);
  }

  /** Whether the channel has the active consumer. */
  isActive(channel: object): boolean {
    return this.#consumers.isActive(channel);
  }

  /** Whether it applies nothing for now. */
  get isStalled(): boolean {
    if (this.options.type === 'classic') return false;
    return this.#isStalled || this.#isForgotten || this.isContested || !this.#raft.isAvailable;
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

  /** What the node reports without asking the leader, if it does not have to. */
  figuresAt(node: number): Figures | undefined {
    return this.options.type === 'classic' ? this : this.#raft.figuresAt(node, this);
  }

  /** Every message, delivered and not acknowledged ones included. */
  get messages(): readonly BrokerMessage[] {
    return [...this.unacknowledged, ...this.#ready.messages];
  }

  /** Delivered to consumers, and not acknowledged. */
  get unacknowledged(): readonly BrokerMessage[] {
    return this.#consumers.held.map(({ message }) => message);
  }

  /**
   * The broker is killed and starts again: of the commands that are not applied, only the first ones were written. A queue
   * that was just declared has lost its Raft group, and with it all messages: it never answers again.
   */
  restart(): void {
    this.#log.loseSome();
    this.#isStalled = false;
    if (this.options.type === 'quorum' && this.#broker.scheduler.now - this.#declaredAt < FORGOTTEN_MS) {
      this.#isForgotten = true;
      this.#ready.clear();
    }
    this.#pace();
  }

  /** The Raft group answers nothing until `resume`. */
  stall(): void {
    if (this.options.type === 'classic')
      throw new Error(`${this.options.name} is a classic queue: it has no Raft group`);
    this.#isStalled = true;
    this.#pace();
  }

  resume(): void {
    this.#isStalled = false;
    this.#pace();
  }

  /** It takes up to a second to apply commands, as on a slow disk. */
  setSlow(isSlow: boolean): void {
    this.#log.isSlow = isSlow;
  }

  /** Another node is elected. Some of what was not applied is lost, and sent again by the clients. */
  changeLeader(leader: number): void {
    this.#log.loseSome();
    const { messageCount, consumerCount } = this;
    this.#raft.elect(leader, { messageCount, consumerCount });
    this.#pace();
  }

  /** Nodes were killed or started, cut off from others, or reach them again. */
  nodesChanged(): void {
    if (this.options.type === 'classic') return;
    const { successor } = this.#raft;
    if (successor !== undefined) this.changeLeader(successor);
    const rejoined = this.#raft.forgetFormer();
    this.#updateConnections();
    for (const client of this.clients) if (client.isConnected) client.reconnected(rejoined === client.node);
    this.#pace();
    if (!this.isStalled) this.#deliver();
  }

  /** @param from whose command it is, unless it is certain: found out again if it is lost before it is applied */
  append(run: () => void, from?: CommandSource): void {
    this.#log.append({ run, from });
  }

  enqueue(message: BrokerMessage): void {
    this.#ready.enqueue(message);
  }

  /** Delivers one message, if there is one, to a consumer that is not subscribed. @returns whether it does that */
  get(consumer: QueueConsumer): boolean {
    if (this.options.type === 'quorum' && this.options.singleActiveConsumer) return false;
    const entry = this.#ready.next();
    if (entry === undefined) return true;
    this.#consumers.hold(consumer);
    this.#deliverTo(consumer, entry, true);
    return true;
  }

  addConsumer(consumer: QueueConsumer): void {
    this.#consumers.add(consumer);
  }

  /** The consumer gets nothing more; what it holds it may still acknowledge. */
  cancelConsumer(consumer: QueueConsumer): void {
    this.#consumers.cancel(consumer);
  }

  /** A channel ended: what its consumers hold returns to the queue. */
  channelDown(channel: object): void {
    for (const entry of this.#consumers.removeChannel(channel)) this.#ready.return(entry);
  }

  /** Without effect on deliveries that the consumer does not hold any more. */
  settle(
    consumer: QueueConsumer,
    deliveries: readonly number[],
    outcome: 'acknowledged' | 'returned' | 'rejected',
  ): void {
    for (const delivery of deliveries) {
      const entry = this.#consumers.settle(consumer, delivery);
      if (entry === undefined) continue;
      if (outcome === 'rejected') this.#deadLetter(entry.message);
      if (outcome === 'returned') this.#ready.requeue(entry);
    }
  }

  /** Tells its consumers that it was deleted. */
  delete(): void {
    this.#consumers.cancelled();
  }

  #elected(): void {
    for (const client of this.clients) client.leaderChanged();
    this.#pace();
    if (!this.isStalled) this.#deliver();
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
    for (const entry of this.#consumers.suspend(this.#cutOff)) this.#ready.return(entry);
    this.#cutOff.clear();
    for (const { isConnected, channel } of this.clients) if (isConnected) this.#consumers.resume(channel);
  }

  #deadLetter(message: BrokerMessage): void {
    const { deadLetters } = this.options;
    if (deadLetters === undefined) return;
    const properties = withDeath(message, this.options.name, this.#broker.scheduler.now);
    this.#route(deadLetters.exchange, deadLetters.routingKey, { ...message, ...deadLetters, properties });
  }

  #deliver(): void {
    for (;;) {
      const consumer = this.#consumers.next();
      this.#noteActive();
      const entry = consumer === undefined ? undefined : this.#ready.next();
      if (consumer === undefined || entry === undefined) return;
      this.#deliverTo(consumer, entry);
    }
  }

  #noteActive(): void {
    const client = this.#consumers.active?.client;
    if (client === this.#activeClient) return;
    this.#activeClient = client;
    this.#broker.scheduler.note(`${this.options.name}: ${client ?? 'nobody'} is the single active consumer`);
  }

  /** @param isRequested basic.get: even the first delivery has a count */
  #deliverTo(consumer: QueueConsumer, entry: QueueEntry, isRequested = false): void {
    const delivery = this.#consumers.take(consumer, entry);
    const isCounted = this.options.type === 'quorum' && (isRequested || entry.returns > 0);
    consumer.deliver(delivery, isCounted ? withReturns(entry) : entry.message, entry.returns > 0);
  }
}

function withReturns({ message, returns }: QueueEntry): BrokerMessage {
  const { properties } = message;
  return {
    ...message,
    properties: { ...properties, headers: { ...properties.headers, 'x-delivery-count': returns } },
  };
}
