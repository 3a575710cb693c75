import { type Scheduler } from '../scheduler';
import { type BrokerState, newState } from './broker-state';
import { type Queue } from './queue';
import { SimulatedConnection } from './simulated-connection';

/** A RabbitMQ 3.10 without I/O; what it does not simulate it refuses. */
export class SimulatedBroker {
  readonly #state: BrokerState;
  readonly #connections: SimulatedConnection[] = [];

  constructor(scheduler: Scheduler) {
    this.#state = newState(scheduler);
  }

  /** @param name of the client, for the trace */
  connect(name: string): SimulatedConnection {
    const connection = new SimulatedConnection(this.#state, `${name} #${this.#connections.length}`);
    this.#connections.push(connection);
    return connection;
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

  /** Bytes; a larger message closes its channel. Counts for channels that are opened from then on. */
  setMaxMessageSize(bytes: number): void {
    this.#state.maxMessageSize = bytes;
  }

  #queue(name: string): Queue {
    const queue = this.#state.exchanges.queues.get(name);
    if (queue === undefined) throw new Error(`no queue ${name}`);
    return queue;
  }
}
