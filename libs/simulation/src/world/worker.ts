import { classifyEvent } from '@pdaltagent/delivery';
import { type Journal, NO_JOURNAL } from '@pdaltagent/journal';
import { type LaneGroup, laneOfMessage, laneQueue, LaneWorker, sidingQueue, tableQueue } from '@pdaltagent/messaging';
import { type Scheduler } from '../scheduler';
import { SimulatedProcess } from '../simulated-process';
import { loggerOf } from './gateway';
import { attemptedFact, journalOf } from './journals';
import { type Network, type QueuesOfLane } from './network';
import { type SimulatedPagerDuty } from './simulated-pagerduty';
import { type SimulatedRedis } from './simulated-redis';

const MAXIMUM_AGE_MS = 3 * 86_400_000;
const POISON_AFTER_MS = 3_600_000;

export interface WorkerDependencies {
  readonly network: Network;
  readonly pagerDuty: SimulatedPagerDuty;
  readonly redis: SimulatedRedis;
  readonly laneGroup: LaneGroup;
  /** Attempts at the same time. */
  readonly concurrency: number;
  readonly hasJournal: boolean;
  /** Undefined for the default; may change. */
  readonly renewAfterMs: () => number | undefined;
}

/** One delivery worker: its processes follow one another. */
export class Worker {
  readonly #scheduler: Scheduler;
  readonly #dependencies: WorkerDependencies;
  process: SimulatedProcess;
  #worker: LaneWorker | undefined;
  #journal: Journal | undefined;
  #runs = 0;

  constructor(
    scheduler: Scheduler,
    dependencies: WorkerDependencies,
    readonly name: string,
  ) {
    this.#scheduler = scheduler;
    this.#dependencies = dependencies;
    this.process = new SimulatedProcess(scheduler, `${name}.0`);
  }

  /** Messages that it has in memory. */
  get held(): number {
    return this.#worker === undefined || this.process.isDead ? 0 : this.#worker.dispatcher.held;
  }

  /** Bytes of the bodies of these. */
  get heldBytes(): number {
    return this.#worker === undefined || this.process.isDead ? 0 : this.#worker.heldBytes;
  }

  start(): void {
    this.#runs += 1;
    const process = new SimulatedProcess(this.#scheduler, `${this.name}.${this.#runs}`);
    this.process = process;
    const { network, pagerDuty, redis, laneGroup, concurrency, renewAfterMs, hasJournal } = this.#dependencies;
    const { clock, random } = process;
    const connect = network.connectOf(process);
    const log = loggerOf(process);
    const journal = hasJournal ? journalOf(process, this.#scheduler, connect, log) : undefined;
    const recorder = journal ?? NO_JOURNAL;
    const lanes = Array.from({ length: laneGroup.lanes }, (_, lane) => queuesOfLane(laneGroup, lane));
    const worker: LaneWorker = new LaneWorker({
      url: 'amqp://simulated',
      name: process.name,
      laneGroup,
      queueType: 'quorum',
      concurrency,
      get renewAfterMs() {
        return renewAfterMs();
      },
      maximumAgeMs: MAXIMUM_AGE_MS,
      poisonAfterMs: POISON_AFTER_MS,
      deliver: async (message, signal) => {
        if (!worker.ownsLanes) return classifyEvent('v2', PAUSED, clock.wall());
        const lane = lanes[laneOfMessage(laneGroup, message)];
        if (lane === undefined) throw new Error('no such lane');
        const lease = network.leaseOf(process, lane);
        const attempt = await pagerDuty.post(process, message, signal, lease);
        return classifyEvent('v2', attempt, clock.wall());
      },
      markers: redis.markersOf(process),
      claims: redis.claimsOf(process),
      observer: {
        onAttempted: (message, outcome) => recorder.record(attemptedFact(message, outcome)),
        onInterrupted: () => undefined,
        onDelivered: () => undefined,
        onDuplicateDropped: ({ id }) => process.log('debug', 'dropped a duplicate', { id }),
        onDeadLettered: (reason, message) => process.log('debug', 'dead letter', { reason, id: message?.id }),
      },
      log,
      connect,
      clock,
      random,
    });
    worker.start();
    journal?.start();
    this.#worker = worker;
    this.#journal = journal;
  }

  /** A normal stop; resolves once its process has ended. */
  async stop(): Promise<void> {
    const { process } = this;
    await this.#worker?.stop();
    await this.#journal?.stop();
    process.exit();
  }

  kill(): void {
    this.process.kill();
  }
}

/** Nothing is sent if the process was paused: as the worker's HTTP client does it. */
const PAUSED = { kind: 'fault', fault: 'timeout', detail: 'the process was paused' } as const;

function queuesOfLane(laneGroup: LaneGroup, lane: number): QueuesOfLane {
  const sidings = Array.from({ length: laneGroup.sidings }, (_, siding) => sidingQueue(laneGroup, lane, siding));
  return { table: tableQueue(laneGroup, lane), events: [laneQueue(laneGroup, lane), ...sidings] };
}
