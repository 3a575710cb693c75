import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { type BrokerState, newState } from './broker-state';
import { type Activation } from './activation';
import { type Publications } from './publications';
import { type Queue } from './queue';
import { type BrokerMessage } from './queue-message';
import { SimulatedConnection } from './simulated-connection';

/** How long the third one is lost. */
const DISRUPTED_MS = { least: 1_000, most: 3_000 };

/** A RabbitMQ 3.10 without I/O; what it does not simulate it refuses. */
export class SimulatedBroker {
  readonly #state: BrokerState;
  readonly #random: SeededRandom;
  readonly #connections: SimulatedConnection[] = [];

  constructor(scheduler: Scheduler) {
    this.#state = newState(scheduler);
    this.#random = new SeededRandom(scheduler.seed, 'broker');
  }

  /**
   * @param name of the client, for the trace
   * @param enter runs what reaches the client as soon as its process runs
   * @param node the node that the connection is made to
   */
  connect(name: string, enter?: (run: () => void) => void, node = 0): SimulatedConnection {
    const number = this.#connections.length;
    const connection = new SimulatedConnection(this.#state, { client: name, number, node }, enter);
    this.#connections.push(connection);
    return connection;
  }

  /**
   * The node is killed and starts again: every connection breaks, commands that queues have not applied may be lost, and
   * what consumers held returns to its queue.
   */
  restart(): void {
    for (const connection of this.#connections) connection.kill();
    for (const queue of this.#state.exchanges.queues.values()) queue.restart();
  }

  /** The leader of a quorum queue hands over to another node, or to this one. */
  changeLeader(name: string, node?: number): void {
    const queue = this.#queue(name);
    const successor = node ?? this.#state.nodes.successorOf(queue.leader);
    if (successor !== undefined) queue.changeLeader(successor);
  }

  /**
   * Cuts a node off from the others, which elect leaders for its queues. Its clients stay connected and get no notice: their
   * consumers lose what they hold to others, and their commands are lost. Classic queues are not affected.
   */
  isolate(node: number): void {
    this.#noteClientsOf(node);
    this.#state.nodes.isolate(node);
    this.#nodesChanged();
  }

  /** Ends the isolation. */
  heal(node: number): void {
    this.#state.nodes.heal(node);
    this.#nodesChanged();
  }

  /**
   * Two nodes lose each other. The one that notices it first, or both, lose the third one too, for a moment. Members of
   * queues that one of the two leads may not agree about their leader until they are joined again.
   * @param pair one of `NODE_PAIRS`
   */
  separate(pair: readonly [number, number]): void {
    const { nodes, scheduler, exchanges } = this.#state;
    nodes.separate(pair);
    const disrupted = this.#random.pick([[pair[0]], [pair[1]], pair]);
    for (const node of disrupted) nodes.disrupted.add(node);
    for (const queue of exchanges.queues.values())
      if (pair.includes(queue.leader)) queue.setContested(this.#random.fraction() < 0.5);
    this.#nodesChanged();
    const ms = DISRUPTED_MS.least + this.#random.below(DISRUPTED_MS.most - DISRUPTED_MS.least);
    scheduler.schedule(ms, 'the nodes reach the third one again', () => {
      for (const node of disrupted) nodes.disrupted.delete(node);
      this.#nodesChanged();
    });
  }

  /** They reach each other again. */
  rejoin(pair: readonly [number, number]): void {
    const { nodes, exchanges } = this.#state;
    nodes.rejoin(pair);
    for (const queue of exchanges.queues.values()) if (!nodes.isSeparated(queue.leader)) queue.setContested(false);
    this.#nodesChanged();
  }

  /** A node is killed: connections to it break. Connect to another one until it is started again. */
  killNode(node: number): void {
    this.#noteClientsOf(node);
    this.#state.nodes.kill(node);
    for (const connection of this.#connections) if (connection.broker.node === node) connection.kill();
    this.#nodesChanged();
  }

  startNode(node: number): void {
    this.#state.nodes.start(node);
    this.#nodesChanged();
  }

  /** Whether a consumer of the connection was the active one of a queue, and is not any more although it has not ended. */
  isDemoted({ broker }: SimulatedConnection, name: string): boolean {
    const queue = this.#state.exchanges.queues.get(name);
    return queue !== undefined && broker.isDemoted(queue);
  }

  /** Whether a client has the active consumer of a queue. @param client its name */
  isActive(client: string, name: string): boolean {
    const queue = this.#state.exchanges.queues.get(name);
    const own = this.#connections.filter((connection) => connection.client === client);
    return queue !== undefined && own.some(({ broker }) => broker.isActive(queue));
  }

  /** The node of a queue's leader; undefined if there is no such queue. */
  leaderOf(name: string): number | undefined {
    return this.#state.exchanges.queues.get(name)?.leader;
  }

  /** The leaders of new queues are on any node, not on that of the client (`queue_leader_locator`). */
  spreadLeaders(): void {
    this.#state.areLeadersSpread = true;
  }

  /** Whether frames are under way, or queues have not applied what was sent to them: messages that are in no queue yet. */
  get isBusy(): boolean {
    return (
      this.#connections.some(({ isBusy }) => isBusy) ||
      [...this.#state.exchanges.queues.values()].some(({ isBehind }) => isBehind)
    );
  }

  /** Every message in a queue, delivered and not acknowledged ones included. */
  messagesIn(name: string): readonly BrokerMessage[] {
    return this.#state.exchanges.queues.get(name)?.state.messages ?? [];
  }

  /** How many of them have this id. */
  copiesIn(name: string, id: string): number {
    return this.#state.exchanges.queues.get(name)?.state.copiesOf(id) ?? 0;
  }

  /** Those of them that consumers hold. */
  unacknowledgedIn(name: string): readonly BrokerMessage[] {
    return this.#state.exchanges.queues.get(name)?.state.unacknowledged ?? [];
  }

  /** By the client's name: most messages that one of its channels had sent and the broker had not confirmed. */
  get mostUnconfirmed(): ReadonlyMap<string, number> {
    return this.#state.mostUnconfirmed;
  }

  /** Why it closed channels. */
  get channelErrors(): readonly string[] {
    return this.#state.channelErrors;
  }

  /** What its clients published, and know of that. */
  get publications(): Publications {
    return this.#state.publications;
  }

  /** In their order. */
  get activations(): readonly Activation[] {
    return this.#state.activations;
  }

  /** How many channels were opened. */
  get channelsOpened(): number {
    return this.#state.channelsOpened;
  }

  /** How many passive declarations it got. */
  get passiveDeclares(): number {
    return this.#state.passiveDeclares;
  }

  /** Whose connection has the active consumer of a queue. */
  consumerOf(name: string): string | undefined {
    return this.#state.exchanges.queues.get(name)?.state.activeClient;
  }

  get isAlarmed(): boolean {
    return this.#state.isAlarmed;
  }

  get queueNames(): readonly string[] {
    return [...this.#state.exchanges.queues.keys()];
  }

  /** The Raft group of a quorum queue answers nothing until `resumeQueue`. */
  stallQueue(name: string): void {
    this.#queue(name).stall();
  }

  resumeQueue(name: string): void {
    this.#queue(name).resume();
  }

  /** Raises or clears an alarm of memory or disk. */
  setAlarm(on: boolean): void {
    this.#state.isAlarmed = on;
    for (const { broker } of this.#connections) broker.alarmChanged();
  }

  /** Closes a channel with a message that is not acknowledged for so long; ms. For channels that are opened from then on. */
  setConsumerTimeout(timeoutMs: number, checkMs: number): void {
    this.#state.consumerTimeout = { timeoutMs, checkMs };
  }

  /** How long queues take at most to apply what was sent to them, unless they are slow; ms. */
  setMaxApplyMs(ms: number): void {
    this.#state.maxApplyMs = ms;
  }

  /** Queues take up to a second to apply what was sent to them, as on an overloaded disk. */
  setSlow(on: boolean): void {
    this.#state.isSlow = on;
  }

  /** The same for one queue. */
  setQueueSlow(name: string, on: boolean): void {
    this.#queue(name).setSlow(on);
  }

  /** Bytes; a larger message closes its channel. Counts for channels that are opened from then on. */
  setMaxMessageSize(bytes: number): void {
    this.#state.maxMessageSize = bytes;
  }

  #noteClientsOf(node: number): void {
    const clients = this.#connections.filter(({ broker }) => broker.node === node && !broker.hasEnded);
    this.#state.scheduler.note(`node ${node} has the connections of ${clients.map(({ name }) => name).join(', ')}`);
  }

  #nodesChanged(): void {
    for (const queue of this.#state.exchanges.queues.values()) queue.nodesChanged();
  }

  #queue(name: string): Queue {
    const queue = this.#state.exchanges.queues.get(name);
    if (queue === undefined) throw new Error(`no queue ${name}`);
    return queue;
  }
}
