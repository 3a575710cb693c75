import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { withDeath } from './deaths';
import { type QueueConsumer, QueueConsumers } from './queue-consumers';
import { type BrokerMessage, type QueueEntry } from './queue-message';

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
  /** Whether its node reaches the queue's leader. */
  readonly isConnected: boolean;
  /** There is another leader: sends again what is not known to be applied. */
  sendAgain(): void;
  /** Its node may reach the leader again: repeats the calls that it waits for. */
  callAgain(): void;
}

interface Command {
  readonly run: () => void;
  /** Undefined if the command is certain: it is found out again if it is lost before it is applied. */
  readonly from: { readonly client: Client; readonly lost: () => void } | undefined;
}

/** Longer than any election that was measured. */
const ELECTION_MS = 1_000;
/** How long a slow queue takes at most to apply commands. */
const SLOW_APPLY_MS = 1_000;

/**
 * A queue and the log of its commands, which are applied in order. A quorum queue's Raft group can stall: then commands
 * are appended and not applied.
 */
export class Queue {
  readonly #broker: { readonly scheduler: Scheduler; readonly maxApplyMs: number };
  readonly #random: SeededRandom;
  readonly #route: (exchange: string, routingKey: string, message: BrokerMessage) => void;
  readonly #log: Command[] = [];
  readonly #ready: QueueEntry[] = [];
  /** Delivered before the ready ones: what consumers returned, in the order of its return. */
  readonly #returned: QueueEntry[] = [];
  readonly #consumers: QueueConsumers;
  readonly clients = new Set<Client>();
  #lastId = 0;
  #leader: number;
  #knownLeader: number;
  #isStalled = false;
  #isSlow = false;
  #isElecting = false;
  #cancelApply: (() => void) | undefined;
  /** The client of the active consumer, as the trace has it. */
  #activeClient: string | undefined;

  /** @param leader the node of its leader */
  constructor(
    readonly options: QueueOptions,
    leader: number,
    broker: { readonly scheduler: Scheduler; readonly maxApplyMs: number },
    route: (exchange: string, routingKey: string, message: BrokerMessage) => void,
  ) {
    this.#leader = leader;
    this.#knownLeader = leader;
    this.#broker = broker;
    this.#route = route;
    this.#random = new SeededRandom(broker.scheduler.seed, `queue ${options.name}`);
    this.#consumers = new QueueConsumers(options.singleActiveConsumer);
  }

  get messageCount(): number {
    return this.#ready.length + this.#returned.length;
  }

  get consumerCount(): number {
    return this.#consumers.count;
  }

  /** Whether a consumer of the channel was active, and is not any more although it has not ended. */
  isDemoted(channel: object): boolean {
    return this.#consumers.isDemoted(channel);
  }

  /** Whether the channel has the active consumer. */
  isActive(channel: object): boolean {
    return this.#consumers.isActive(channel);
  }

  get isStalled(): boolean {
    return this.#isStalled || this.#isElecting;
  }

  /** Whether commands that were sent to it are not applied yet. */
  get isBehind(): boolean {
    return this.#log.length > 0;
  }

  /** The node of its leader, or of the one that is being elected. */
  get leader(): number {
    return this.#leader;
  }

  /** The leader that all nodes know: the last one, while another is being elected. */
  get knownLeader(): number {
    return this.#knownLeader;
  }

  /** Every message, delivered and not acknowledged ones included. */
  get messages(): readonly BrokerMessage[] {
    return [...this.unacknowledged, ...[...this.#returned, ...this.#ready].map(({ message }) => message)];
  }

  /** Delivered to consumers, and not acknowledged. */
  get unacknowledged(): readonly BrokerMessage[] {
    return this.#consumers.held.map(({ message }) => message);
  }

  /** The node restarts: of the commands that are not applied, only the first ones were written. */
  restart(): void {
    this.#lose(this.#log.slice(this.#random.below(this.#log.length + 1)));
    this.resume();
  }

  /** The Raft group answers nothing until `resume`. */
  stall(): void {
    if (this.options.type === 'classic')
      throw new Error(`${this.options.name} is a classic queue: it has no Raft group`);
    this.#isStalled = true;
    this.#pause();
  }

  resume(): void {
    this.#isStalled = false;
    this.#applySoon();
  }

  /** It takes up to a second to apply commands, as on a slow disk. */
  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
  }

  /** Another node is elected. Some of what was not applied is lost, and sent again by the clients. */
  changeLeader(leader: number): void {
    this.#lose(this.#log.slice(this.#random.below(this.#log.length + 1)));
    this.#leader = leader;
    this.#isElecting = true;
    this.#pause();
    const { scheduler } = this.#broker;
    scheduler.schedule(this.#random.fraction() * ELECTION_MS, `${this.options.name} is led by node ${leader}`, () => {
      this.#knownLeader = this.#leader;
      this.#isElecting = false;
      for (const client of this.clients) client.sendAgain();
      this.#applySoon();
      if (!this.isStalled) this.#deliver();
    });
  }

  /** Nodes were cut off from others, or reach them again. */
  connectionsChanged(): void {
    for (const client of this.clients) this.#updateConnection(client);
    if (!this.isStalled) this.#deliver();
  }

  /** @param from whose command it is, unless it is certain: found out again if it is lost before it is applied */
  append(run: () => void, from?: Command['from']): void {
    this.#log.push({ run, from });
    this.#applySoon();
  }

  enqueue(message: BrokerMessage): void {
    this.#lastId += 1;
    this.#ready.push({ id: this.#lastId, message, returns: 0 });
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
    for (const entry of this.#consumers.removeChannel(channel)) this.#return(entry);
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
      if (outcome === 'returned') this.#requeue(entry);
    }
  }

  /** Tells its consumers that it was deleted. */
  delete(): void {
    this.#consumers.cancelled();
  }

  /** If the client is cut off, only the first of its commands that are not applied have arrived. */
  #updateConnection(client: Client): void {
    if (client.isConnected) {
      this.#consumers.resumeChannel(client.channel);
      client.callAgain();
      return;
    }
    const own = this.#log.filter(({ from }) => from?.client === client);
    this.#lose(own.slice(this.#random.below(own.length + 1)));
    for (const entry of this.#consumers.suspendChannel(client.channel)) this.#return(entry);
  }

  #lose(commands: readonly Command[]): void {
    const lost = new Set(commands.filter(({ from }) => from !== undefined));
    if (lost.size === 0) return;
    this.#log.splice(0, this.#log.length, ...this.#log.filter((command) => !lost.has(command)));
    for (const { from } of lost) from?.lost();
  }

  #deadLetter(message: BrokerMessage): void {
    const { deadLetters } = this.options;
    if (deadLetters === undefined) return;
    const properties = withDeath(message, this.options.name, this.#broker.scheduler.now);
    this.#route(deadLetters.exchange, deadLetters.routingKey, { ...message, ...deadLetters, properties });
  }

  #return({ id, message, returns }: QueueEntry): void {
    const entry = { id, message, returns: returns + 1 };
    if (this.options.type === 'classic') {
      // To its original position.
      const next = this.#ready.findIndex((other) => other.id > id);
      this.#ready.splice(next === -1 ? this.#ready.length : next, 0, entry);
    } else this.#returned.push(entry);
  }

  /** A consumer returns a message: RabbitMQ 3.10 enqueues it again if the queue has no delivery limit. */
  #requeue(entry: QueueEntry): void {
    if (this.options.type === 'classic' || this.options.hasDeliveryLimit) return this.#return(entry);
    this.#lastId += 1;
    this.#ready.push({ id: this.#lastId, message: entry.message, returns: entry.returns + 1 });
  }

  #pause(): void {
    this.#cancelApply?.();
    this.#cancelApply = undefined;
  }

  #applySoon(): void {
    if (this.isStalled || this.#cancelApply !== undefined || this.#log.length === 0) return;
    const { name } = this.options;
    const { scheduler } = this.#broker;
    const maxApplyMs = this.#isSlow ? SLOW_APPLY_MS : this.#broker.maxApplyMs;
    this.#cancelApply = scheduler.schedule(this.#random.fraction() * maxApplyMs, `${name} applies`, () => {
      this.#cancelApply = undefined;
      for (const { run } of this.#log.splice(0)) {
        run();
        this.#deliver();
      }
    });
  }

  #deliver(): void {
    for (;;) {
      const consumer = this.#consumers.next();
      this.#noteActive();
      const entry = consumer === undefined ? undefined : (this.#returned.shift() ?? this.#ready.shift());
      if (consumer === undefined || entry === undefined) return;
      const delivery = this.#consumers.take(consumer, entry);
      consumer.deliver(delivery, this.#withReturns(entry), entry.returns > 0);
    }
  }

  #noteActive(): void {
    const client = this.#consumers.active?.client;
    if (client === this.#activeClient) return;
    this.#activeClient = client;
    this.#broker.scheduler.note(`${this.options.name}: ${client ?? 'nobody'} is the single active consumer`);
  }

  #withReturns({ message, returns }: QueueEntry): BrokerMessage {
    if (this.options.type === 'classic' || returns === 0) return message;
    const { properties } = message;
    return {
      ...message,
      properties: { ...properties, headers: { ...properties.headers, 'x-delivery-count': returns } },
    };
  }
}
