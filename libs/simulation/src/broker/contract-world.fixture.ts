import { type Clock } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { VirtualClock } from '../virtual-clock';
import { SimulatedBroker } from './simulated-broker';
import { SimulatedConnection } from './simulated-connection';

/** A broker and the time in which it is used, for tests that run with the simulated and with the real one. */
export interface ContractWorld {
  readonly clock: Clock;
  /** @param node the node of a cluster; default: the first one */
  connect(node?: number): Promise<ChannelModel>;
  newQueueName(): string;
  /** The queue's Raft group answers nothing until `resumeQueue`. */
  stallQueue(name: string): Promise<void>;
  resumeQueue(name: string): Promise<void>;
  setAlarm(on: boolean): Promise<void>;
  setMaxMessageSize(bytes: number): Promise<void>;
  /** For channels that are opened from then on; ms. */
  setConsumerTimeout(timeoutMs: number, checkMs: number): Promise<void>;
  /** Kills the broker and starts it again; every connection is lost. */
  restartBroker(): Promise<void>;
  /** Resets a connection at once, whatever is in transit. */
  cut(connection: ChannelModel): void;
  /** Runs a test in this world. */
  run(test: (world: ContractWorld) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Three nodes, of which at most one is isolated or killed. */
export interface ClusterWorld extends ContractWorld {
  /** Cuts the node off from the others; its clients stay connected. */
  isolate(node: number): Promise<void>;
  /** Ends the isolation; resolves once the nodes are connected again. */
  heal(): Promise<void>;
  killNode(node: number): Promise<void>;
  startNode(node: number): Promise<void>;
  /** The queue's leader hands over to another node. */
  changeLeader(queue: string, node: number): Promise<void>;
  run(test: (world: ClusterWorld) => Promise<void>): Promise<void>;
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
    const connection = this.broker.connect('client', undefined, node);
    this.#connections.push(connection);
    return Promise.resolve(connection);
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

  restartBroker(): Promise<void> {
    return Promise.resolve(this.broker.restart());
  }

  cut(connection: ChannelModel): void {
    if (!(connection instanceof SimulatedConnection)) throw new Error('not a simulated connection');
    connection.cut(this.#random.below(connection.framesInTransit + 1), 5);
  }

  run(test: (world: ContractWorld) => Promise<void>): Promise<void> {
    return this.scheduler.run(
      test(this).then(async () => {
        await Promise.all(this.#connections.splice(0).map((connection) => connection.close().catch(() => undefined)));
      }),
    );
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}

export class SimulatedCluster extends SimulatedWorld implements ClusterWorld {
  isolate(node: number): Promise<void> {
    return Promise.resolve(this.broker.isolate(node));
  }

  heal(): Promise<void> {
    return Promise.resolve(this.broker.heal());
  }

  killNode(node: number): Promise<void> {
    return Promise.resolve(this.broker.killNode(node));
  }

  startNode(): Promise<void> {
    return Promise.resolve(this.broker.startNode());
  }

  changeLeader(queue: string, node: number): Promise<void> {
    return Promise.resolve(this.broker.changeLeader(queue, node));
  }

  override run(test: (world: ClusterWorld) => Promise<void>): Promise<void> {
    return super.run(() => test(this));
  }
}
