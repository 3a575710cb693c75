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
  connect(): Promise<ChannelModel>;
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

export class SimulatedWorld implements ContractWorld {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly #broker: SimulatedBroker;
  readonly #random: SeededRandom;
  readonly #connections: ChannelModel[] = [];
  #queues = 0;

  constructor(seed: number) {
    this.scheduler = new Scheduler(seed);
    this.clock = new VirtualClock(this.scheduler, 'test');
    this.#broker = new SimulatedBroker(this.scheduler);
    this.#random = new SeededRandom(seed, 'cuts');
  }

  newQueueName(): string {
    this.#queues += 1;
    return `contract.${this.#queues}`;
  }

  connect(): Promise<ChannelModel> {
    const connection = this.#broker.connect('client');
    this.#connections.push(connection);
    return Promise.resolve(connection);
  }

  stallQueue(name: string): Promise<void> {
    return Promise.resolve(this.#broker.stallQueue(name));
  }

  resumeQueue(name: string): Promise<void> {
    return Promise.resolve(this.#broker.resumeQueue(name));
  }

  setAlarm(on: boolean): Promise<void> {
    return Promise.resolve(this.#broker.setAlarm(on));
  }

  setMaxMessageSize(bytes: number): Promise<void> {
    return Promise.resolve(this.#broker.setMaxMessageSize(bytes));
  }

  setConsumerTimeout(timeoutMs: number, checkMs: number): Promise<void> {
    return Promise.resolve(this.#broker.setConsumerTimeout(timeoutMs, checkMs));
  }

  restartBroker(): Promise<void> {
    return Promise.resolve(this.#broker.restart());
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
