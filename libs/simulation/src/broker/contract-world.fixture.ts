import { type Clock, delay } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { VirtualClock } from '../virtual-clock';
import { heartbeatTimeouts } from './heartbeats';
import { NODE_PAIRS, NODES } from './nodes';
import { SimulatedBroker } from './simulated-broker';
import { SimulatedConnection } from './simulated-connection';

/** After that a queue survives a kill of its broker. */
const SETTLED_MS = 2_000;
/** After that both of two nodes that lost each other reach the third one again. */
const SEPARATED_MS = 5_000;

/** A broker and the time in which it is used, for tests that run with the simulated and with the real one. */
export interface ContractWorld {
  readonly clock: Clock;
  /** @param node the node of a cluster; default: the first one */
  connect(node?: number): Promise<ChannelModel>;
  /** A connection that can break without notice. */
  connectFragile(heartbeatMs: number): Promise<FragileConnection>;
  newQueueName(): string;
  /** The queue's Raft group answers nothing until `resumeQueue`. */
  stallQueue(name: string): Promise<void>;
  resumeQueue(name: string): Promise<void>;
  setAlarm(on: boolean): Promise<void>;
  setMaxMessageSize(bytes: number): Promise<void>;
  /** For channels that are opened from then on; ms. */
  setConsumerTimeout(timeoutMs: number, checkMs: number): Promise<void>;
  /** Kills the broker and starts it again; every connection is lost. Queues were declared long before. */
  restartBroker(): Promise<void>;
  /** The same, right after queues were declared. */
  restartBrokerEarly(): Promise<void>;
  /** Resets a connection at once, whatever is in transit. */
  cut(connection: ChannelModel): void;
  /** Runs a test in this world. */
  run(test: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

export interface FragileConnection {
  readonly connection: ChannelModel;
  /**
   * From now on nothing arrives, and no side learns of it, but by missing heartbeats.
   * @param deliveredAfterMs when the broker still gets what is in transit; undefined for never
   */
  breakSilently(deliveredAfterMs: number | undefined): void;
}

/** Three nodes. */
export interface ClusterWorld extends ContractWorld {
  /** Cuts the node off from the others; its clients stay connected. */
  isolate(node: number): Promise<void>;
  /** Cuts two nodes off from each other, but not from the third one; resolves once these connections exist. */
  separate(one: number, other: number): Promise<void>;
  /** Ends that; resolves once the nodes are connected again. */
  heal(): Promise<void>;
  killNode(node: number): Promise<void>;
  startNode(node: number): Promise<void>;
  /** The queue's leader hands over to another node. */
  changeLeader(queue: string, node: number): Promise<void>;
}

const CLOSE_MS = 2_000;

/** Closes connections; one that waits for a queue that never answers is left open. */
export async function closeAll(clock: Clock, connections: readonly ChannelModel[]): Promise<void> {
  const closed = connections.map((connection) => connection.close().catch(() => undefined));
  await Promise.race([Promise.all(closed), delay(clock, CLOSE_MS)]);
}

export class SimulatedWorld implements ContractWorld {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  protected readonly broker: SimulatedBroker;
  readonly #random: SeededRandom;
  readonly #connections: ChannelModel[] = [];
  #queues = 0;

  constructor(seed: number) {
    this.scheduler = new Scheduler(seed);
    this.clock = new VirtualClock(this.scheduler, 'test');
    this.broker = new SimulatedBroker(this.scheduler);
    this.#random = new SeededRandom(seed, 'cuts');
  }

  newQueueName(): string {
    this.#queues += 1;
    return `contract.${this.#queues}`;
  }

  connect(node = 0): Promise<ChannelModel> {
    return Promise.resolve(this.#connect(node));
  }

  connectFragile(heartbeatMs: number): Promise<FragileConnection> {
    const connection = this.#connect(0);
    return Promise.resolve({
      connection,
      breakSilently: (deliveredAfterMs) =>
        connection.breakSilently(
          deliveredAfterMs === undefined ? 0 : Infinity,
          heartbeatTimeouts(this.#random, heartbeatMs),
          deliveredAfterMs,
        ),
    });
  }

  stallQueue(name: string): Promise<void> {
    return Promise.resolve(this.broker.stallQueue(name));
  }

  resumeQueue(name: string): Promise<void> {
    return Promise.resolve(this.broker.resumeQueue(name));
  }

  setAlarm(on: boolean): Promise<void> {
    return Promise.resolve(this.broker.setAlarm(on));
  }

  setMaxMessageSize(bytes: number): Promise<void> {
    return Promise.resolve(this.broker.setMaxMessageSize(bytes));
  }

  setConsumerTimeout(timeoutMs: number, checkMs: number): Promise<void> {
    return Promise.resolve(this.broker.setConsumerTimeout(timeoutMs, checkMs));
  }

  async restartBroker(): Promise<void> {
    await delay(this.clock, SETTLED_MS);
    this.broker.restart();
  }

  restartBrokerEarly(): Promise<void> {
    return Promise.resolve(this.broker.restart());
  }

  cut(connection: ChannelModel): void {
    if (!(connection instanceof SimulatedConnection)) throw new Error('not a simulated connection');
    connection.cut(this.#random.below(connection.framesInTransit + 1), 5);
  }

  run(test: () => Promise<void>): Promise<void> {
    return this.scheduler.run(
      test().then(async () => {
        await closeAll(this.clock, this.#connections.splice(0));
      }),
    );
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  #connect(node: number): SimulatedConnection {
    const connection = this.broker.connect('client', undefined, node);
    connection.on('error', () => undefined);
    this.#connections.push(connection);
    return connection;
  }
}

export class SimulatedCluster extends SimulatedWorld implements ClusterWorld {
  isolate(node: number): Promise<void> {
    return Promise.resolve(this.broker.isolate(node));
  }

  heal(): Promise<void> {
    for (let node = 0; node < NODES; node += 1) this.broker.heal(node);
    for (const pair of NODE_PAIRS) this.broker.rejoin(pair);
    return Promise.resolve();
  }

  async separate(one: number, other: number): Promise<void> {
    const pair = NODE_PAIRS.find((nodes) => nodes.includes(one) && nodes.includes(other));
    if (pair === undefined) throw new Error('not two nodes');
    this.broker.separate(pair);
    await delay(this.clock, SEPARATED_MS);
  }

  killNode(node: number): Promise<void> {
    return Promise.resolve(this.broker.killNode(node));
  }

  startNode(node: number): Promise<void> {
    return Promise.resolve(this.broker.startNode(node));
  }

  changeLeader(queue: string, node: number): Promise<void> {
    return Promise.resolve(this.broker.changeLeader(queue, node));
  }
}
