import { type Connect } from '@pdaltagent/messaging';
import { type Activation } from '../broker/activation';
import { heartbeatTimeouts } from '../broker/heartbeats';
import { NODES } from '../broker/nodes';
import { type SimulatedBroker } from '../broker/simulated-broker';
import { type SimulatedConnection } from '../broker/simulated-connection';
import { type Scheduler } from '../scheduler';
import { SeededRandom } from '../seeded-random';
import { type SimulatedProcess } from '../simulated-process';

const CONNECT_MS = 2;
const CONNECT_TIMEOUT_MS = 10_000;
const HEARTBEAT_MS = 5_000;
/** When amqplib notices a reset that it made itself. */
const RESET_NOTICED_MS = 13_000;

/**
 * How long a worker may start requests after another one has its lane: its last pulse, sent before that, may be so old
 * (docs/lanes-design.md, I6). The other one waits for longer.
 */
const PULSE_MS = 4_000;

/** A worker's lane: it belongs to the single active consumer of its table queue. */
export interface Lease {
  /** Whether it had it at the beginning, for all that it could know. */
  readonly isGranted: boolean;
  /** Whether it still has it: by its own state, and the broker's. */
  readonly isHeld: () => boolean;
  /** Whether there is another copy of a message: a move whose confirm was lost leaves the original. */
  readonly hasCopy: (id: string) => boolean;
  /** Whether a publisher of a message has sent it twice, or got no confirm. */
  readonly isUncertain: (id: string) => boolean;
}

/** Names of the queues of a lane. */
export interface QueuesOfLane {
  readonly table: string;
  /** Its own, and those of its sidings. */
  readonly events: readonly string[];
}

/** The connections between processes and broker. */
export class Network {
  readonly #scheduler: Scheduler;
  readonly #broker: SimulatedBroker;
  readonly #random: SeededRandom;
  readonly #connections = new Map<SimulatedProcess, Set<SimulatedConnection>>();
  /** Names of the services that do not reach the broker; their requests are lost. */
  readonly unreachableFrom = new Set<string>();
  isBrokerDown = false;
  /** Why the broker closed connections. */
  readonly errors: string[] = [];
  /** Nodes of the broker that nobody can connect to. */
  readonly downNodes = new Set<number>();
  /** Attempts to connect. */
  attempts = 0;

  constructor(scheduler: Scheduler, broker: SimulatedBroker) {
    this.#scheduler = scheduler;
    this.#broker = broker;
    this.#random = new SeededRandom(scheduler.seed, 'network');
  }

  connectOf(process: SimulatedProcess): Connect {
    const connections = new Set<SimulatedConnection>();
    this.#connections.set(process, connections);
    process.onEnd(() => {
      for (const connection of connections) this.#cut(connection, undefined);
      this.#connections.delete(process);
    });
    return (_url, name) =>
      new Promise((resolve, reject) => {
        this.attempts += 1;
        const isLost = this.unreachableFrom.has(serviceOf(process));
        process.enterAfter(isLost ? CONNECT_TIMEOUT_MS : CONNECT_MS, `${name} connects`, () => {
          if (isLost) return reject(new Error('connect ETIMEDOUT'));
          const node = this.isBrokerDown ? undefined : this.#nodeFor(process);
          if (node === undefined) return reject(new Error('connect ECONNREFUSED'));
          const connection = this.#broker.connect(name, process.enter, node);
          connections.add(connection);
          connection.on('error', (error: Error) => {
            // Its channels close before it does.
            connections.delete(connection);
            if ('code' in error) this.errors.push(`${name}: ${error.message}`);
          });
          connection.once('close', () => connections.delete(connection));
          resolve({
            connection,
            reset: () => {
              connections.delete(connection);
              this.#cut(connection, RESET_NOTICED_MS);
            },
          });
        });
      });
  }

  /** The process's connections break: with a reset, or silently, so that heartbeats show it. */
  cut(process: SimulatedProcess): void {
    this.#scheduler.note(`the connections of ${process.name} break`);
    for (const connection of this.#connections.get(process) ?? [])
      if (this.#random.fraction() < 0.5) this.#cut(connection, 1);
      else this.#breakSilently(connection);
  }

  /** What the process has now of a lane. */
  leaseOf(process: SimulatedProcess, { table, events }: QueuesOfLane): Lease {
    const open = this.#connections.get(process) ?? new Set();
    const connections = [...open].filter(({ name }) => name.includes('consuming'));
    const isHeld = (connection: SimulatedConnection): boolean => {
      if (!open.has(connection) || connection.broker.hasEnded) return false;
      const consumer = this.#broker.consumerOf(table);
      const isOthers = consumer !== undefined && consumer !== connection.broker.name;
      return !isOthers && !this.#broker.isDemoted(connection, table);
    };
    return {
      isGranted: connections.some(({ broker: { name } }) => this.#hasJustHeld(name, table)),
      isHeld: () => connections.some(isHeld),
      hasCopy: (id) => events.reduce((count, queue) => count + this.#broker.copiesIn(queue, id), 0) > 1,
      isUncertain: (id) => this.#broker.publications.isUncertain(id),
    };
  }

  /** Whether a client was the single active consumer, and no other one has been it for longer than a pulse is valid. */
  #hasJustHeld(client: string, table: string): boolean {
    const { activations } = this.#broker;
    let next: Activation | undefined;
    for (let index = activations.length - 1; index >= 0; index -= 1) {
      const activation = activations[index];
      if (activation?.queue !== table) continue;
      if (activation.client === client) return next === undefined || next.at > this.#scheduler.now - PULSE_MS;
      next = activation;
    }
    return false;
  }

  /** The process's open connections. */
  connectionsOf(process: SimulatedProcess): readonly SimulatedConnection[] {
    return [...(this.#connections.get(process) ?? [])];
  }

  /** A paused process sends no heartbeats: the broker closes its connections. */
  pause(process: SimulatedProcess): void {
    process.pause();
    this.#scheduler.schedule(2 * HEARTBEAT_MS, `heartbeats of ${process.name} are missing`, () => {
      if (!process.isRunning)
        for (const connection of this.#connections.get(process) ?? []) connection.cut(Infinity, 0);
    });
  }

  /** Each gateway, and each worker, always connects to the same node; to another one if that is down. */
  #nodeFor(process: SimulatedProcess): number | undefined {
    const own = Number(/\d+/.exec(process.name)?.[0] ?? 0);
    const nodes = Array.from({ length: NODES }, (_, step) => (own + step) % NODES);
    return nodes.find((node) => !this.downNodes.has(node));
  }

  #cut(connection: SimulatedConnection, noticedAfterMs: number | undefined): void {
    connection.cut(this.#keptOf(connection), noticedAfterMs);
  }

  /** Half of the time the network still delivers what was in transit, but late: possibly after all of it was sent again. */
  #breakSilently(connection: SimulatedConnection): void {
    const noticed = heartbeatTimeouts(this.#random, HEARTBEAT_MS);
    const deliveredAfterMs = this.#random.fraction() < 0.5 ? 0 : this.#random.below(noticed.broker);
    connection.breakSilently(this.#keptOf(connection), noticed, deliveredAfterMs);
  }

  #keptOf({ framesInTransit }: SimulatedConnection): number {
    return this.#random.below(framesInTransit + 1);
  }
}

/** `gateway-0` of the process `gateway-0.2`. */
export function serviceOf({ name }: SimulatedProcess): string {
  return name.split('.')[0] ?? name;
}
