import { type Clock, every, SYSTEM_CLOCK, SYSTEM_RANDOM, uuid } from '@pdaltagent/clock';
import { type DeadLetterCause, type Dispatcher } from '@pdaltagent/delivery';
import { type Channel, type ChannelModel } from 'amqplib';
import { replyTo } from './reply-timeout';
import { DeadLetterPublisher } from './dead-letter-publisher';
import { type DeadReason } from './dead-letter';
import { DeliveryRecords } from './delivery-records';
import { DeliveryExecutor } from './delivery-executor';
import { Pulse } from './pulse';
import { type UnackedMessage } from './lane-channel';
import { LaneChanges } from './lane-changes';
import { LaneDepths } from './lane-depths';
import { LaneOwner } from './lane-owner';
import { MemoryBudget } from './memory-budget';
import { type IncomingMessage, type Unreadable } from './message';
import { LaneAssignment } from './lane-assignment';
import { type LaneWorkerOptions } from './lane-worker-options';
import { OwnedLanes } from './owned-lanes';
import { PublishConnection } from './publish-connection';
import { QueueChecks } from './queue-checks';
import { redeclaration } from './redeclaration';
import { Scout } from './scout';
import { BrokerConnection } from './broker-connection';
import { declareTopology } from './declare-topology';
import { PULSE_QUEUE, STATUS_EXCHANGE } from './topology';
import { TraceResponder } from './trace-responder';

const RENEW_AFTER_MS = 10 * 60_000;
const CHECK_OWNERSHIP_EVERY_MS = 1_000;
/** How often lanes are checked for keys that block them. */
const CHECK_EVERY_MS = 250;
/** How often the depth of our lanes is queried. */
const DEPTH_REFRESH_EVERY_MS = 10_000;
const MEMORY_BYTES = 64 * 1024 * 1024;
/** A queue that waits longer for memory gets that of another lane. */
const MEMORY_WAIT_MS = 5_000;
/** Delay before a lost lane is taken again: it may be lost again at once. */
const RETAKE_DELAY_MS = 250;

/**
 * Consumes the lanes of one exchange: has their messages delivered in the order of their alerts, and
 * acknowledges those that were delivered or became dead letters. Shares the lanes with other workers.
 */
export class LaneWorker {
  readonly #options: LaneWorkerOptions;
  readonly #executor: DeliveryExecutor;
  readonly #records: DeliveryRecords;
  readonly #assignment: LaneAssignment;
  readonly #publishing: PublishConnection;
  readonly #deadLetters: DeadLetterPublisher;
  readonly #brokerConnection: BrokerConnection;
  readonly #scout: Scout;
  readonly #depths: LaneDepths;
  readonly #traceResponder: TraceResponder;
  readonly #lanes = new OwnedLanes();
  readonly #changes: LaneChanges;
  readonly #clock: Clock;
  /** In claims of lanes. */
  readonly #id: string;
  readonly #pulse: Pulse;
  readonly #memory: MemoryBudget;
  readonly #stopChecks: () => void;
  readonly #stopTimers: readonly (() => void)[];
  #connection: ChannelModel | undefined;
  #checks: QueueChecks | undefined;
  #redeclare: () => void = () => undefined;
  #isStopping = false;
  /** How often a lane was taken. */
  #terms = 0;
  readonly #begun = new Map<string, string>();

  constructor(options: LaneWorkerOptions) {
    this.#options = options;
    const {
      url,
      name,
      laneGroup,
      queueType,
      topologyMode,
      log,
      observer,
      connect,
      clock = SYSTEM_CLOCK,
      random,
    } = options;
    this.#clock = clock;
    this.#pulse = new Pulse(clock, () => {
      for (const owner of this.#lanes.owners) void owner.release();
    });
    const memoryBytes = options.memoryBytes ?? MEMORY_BYTES;
    this.#memory = new MemoryBudget(memoryBytes, clock, () => this.#lanes.releaseExcess(memoryBytes));
    this.#changes = new LaneChanges(log, () => this.#lanes.indices, clock);
    this.#id = uuid(random ?? SYSTEM_RANDOM);
    this.#records = new DeliveryRecords(options.markers, options.claims, clock);
    this.#publishing = new PublishConnection({
      url,
      name: `${name} publishing`,
      // One per siding, table and for dead letters; for messages that may be lost or are in the wrong lane; and one to declare.
      channels: laneGroup.lanes * (laneGroup.sidings + 1) + 4,
      laneGroup,
      queueType,
      topologyMode,
      log,
      connect,
      clock,
      random,
    });
    const deadLettered = {
      onWritten: (message: IncomingMessage, cause: DeadLetterCause) =>
        observer.onDeadLettered(cause.reason, message, cause),
      onUnreadableWritten: (reason: DeadReason, unreadable: Unreadable) => {
        observer.onDeadLettered(reason);
        observer.onUnreadable?.(unreadable);
      },
    };
    this.#deadLetters = new DeadLetterPublisher(laneGroup, this.#publishing, log, deadLettered, clock);
    this.#executor = new DeliveryExecutor(options, {
      records: this.#records,
      deadLetters: this.#deadLetters,
      pulse: this.#pulse,
    });
    this.#depths = new LaneDepths(laneGroup);
    this.#traceResponder = new TraceResponder({
      group: laneGroup.exchange,
      lanes: () => this.#lanes.indices,
      parked: () => this.#lanes.parkedByLane,
      held: () => this.#lanes.held,
      statusOf: (message) => this.#dispatcher.statusOf(message),
      reply: (exchange, queue, body) => this.#publishing.send(exchange, queue, body),
    });
    this.#assignment = new LaneAssignment({
      laneGroup,
      announce: (body) => this.#publishing.send(STATUS_EXCHANGE, '', body),
      take: (lane) => void this.#take(lane),
      release: (lane) => void this.#lanes.get(lane)?.release(),
      owned: () => this.#lanes.indices,
      consumed: () => this.#lanes.consumed,
      parked: () => this.#lanes.parkedByLane,
      clock,
      random,
    });
    this.#brokerConnection = new BrokerConnection({
      url,
      name: `${name} consuming`,
      // One per lane, one for pulses, one for checks, one to declare, and the control channel.
      channels: laneGroup.lanes + 4,
      log,
      open: (connection) => this.#open(connection),
      onLost: () => this.#onLost(),
      connect,
      clock,
      random,
    });
    this.#scout = new Scout({
      url,
      name: `${name} scouting`,
      queueType,
      onMissing: () => this.#redeclare(),
      log,
      connect,
      clock,
    });
    this.#stopChecks = every(clock, CHECK_OWNERSHIP_EVERY_MS, () => this.#checkOwnership());
    this.#stopTimers = [
      every(clock, CHECK_EVERY_MS, () => this.#checkForStalls()),
      every(clock, DEPTH_REFRESH_EVERY_MS, () => void this.#depths.refresh(this.#checks, this.#lanes.indices)),
    ];
  }

  /** Starts working as soon as the broker is reachable; does not wait for it. */
  start(): void {
    this.#publishing.start();
    this.#brokerConnection.start();
  }

  /** Starts nothing new, lets attempts in flight settle, releases every lane with its messages in order. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#assignment.leave();
    for (const stop of this.#stopTimers) stop();
    await Promise.all(this.#lanes.owners.map((owner) => owner.release()));
    this.#changes.flush();
    this.#stopChecks();
    this.#pulse.stop();
    await this.#publishing.close();
    await this.#brokerConnection.close();
    await this.#scout.close();
  }

  /**
   * Attempts nothing of the routing key until `resume`: its messages are held in order, parked if others wait. Those
   * that reach the maximum age still become dead letters. May be called before `start`, and repeatedly. A response
   * that means "gone" pauses the key automatically.
   */
  pause(routingKey: string): void {
    this.#dispatcher.pause(routingKey);
  }

  /** The key continues where it stopped; has no effect if it is not paused. */
  resume(routingKey: string): void {
    this.#dispatcher.resume(routingKey);
  }

  /** False, too, if it can take no lane because it cannot ask whether the queues answer. */
  get isConnected(): boolean {
    return this.#brokerConnection.isConnected && !this.#scout.isFailing;
  }

  /** Whether no other worker can own our lanes: a process that was paused has to check this before it sends anything. */
  get ownsLanes(): boolean {
    return this.#pulse.ownsLanes;
  }

  get lanes(): number {
    return this.#lanes.count;
  }

  /** For work that one of the workers has to do: they agree on who owns a lane, except while it changes its owner. */
  ownsLane(lane: number): boolean {
    return this.#lanes.has(lane);
  }

  /** Routing keys parked on a siding. */
  get parkedKeys(): number {
    return this.#lanes.parkedKeys;
  }

  get dispatcher(): Pick<
    Dispatcher<UnackedMessage>,
    | 'held'
    | 'inFlight'
    | 'throttledKeys'
    | 'pausedKeys'
    | 'keysWithConnectivityFault'
    | 'openCircuits'
    | 'oldestReceivedAt'
  > {
    return this.#dispatcher;
  }

  /** Undelivered messages of each lane that this worker owns, its sidings included; a few seconds old. */
  get depths(): ReadonlyMap<number, number> {
    return this.#lanes.depths(this.#depths);
  }

  /** Bytes of the messages that are held. */
  get heldBytes(): number {
    return this.#memory.held;
  }

  /** Lanes that are blocked by a key that cannot be parked. */
  get lanesWithoutIsolation(): number {
    return this.#lanes.withoutIsolation;
  }

  get #dispatcher(): Dispatcher<UnackedMessage> {
    return this.#executor.dispatcher;
  }

  async #open(connection: ChannelModel): Promise<void> {
    const { laneGroup, queueType, topologyMode: mode, log } = this.#options;
    await declareTopology(connection, laneGroup, queueType, { clock: this.#clock, log, mode });
    const control = await this.#openChannel(connection, 'control');
    const pulse = await this.#openChannel(connection, 'pulse');
    await replyTo(this.#pulse.start(pulse), { request: `basic.consume ${PULSE_QUEUE}`, clock: this.#clock });
    await this.#traceResponder.listen(control);
    this.#connection = connection;
    this.#redeclare = redeclaration(connection, this.#options);
    this.#checks = new QueueChecks(connection, this.#redeclare);
    await this.#assignment.join(control, this.#checks);
  }

  /** Opens a channel without which the connection cannot be used. */
  async #openChannel(connection: ChannelModel, purpose: string): Promise<Channel> {
    const channel = await replyTo(connection.createChannel(), { request: 'channel.open', clock: this.#clock });
    channel.on('error', (error: Error) => {
      // Before the connection is in use, what failed is logged with it.
      if (connection === this.#connection)
        this.#options.log.error(`the ${purpose} channel failed`, { error: error.message });
    });
    channel.on('close', () => {
      if (connection === this.#connection) this.#brokerConnection.reconnect();
    });
    return channel;
  }

  /** The connection was lost, and everything held with it. Attempts in flight are aborted. */
  #onLost(): void {
    this.#connection = undefined;
    this.#checks = undefined;
    this.#redeclare = () => undefined;
    this.#pulse.stop();
    for (const owner of this.#lanes.owners) owner.lose();
  }

  /** Replaces a connection without a pulse, and renews lanes that have held a message for long. */
  #checkOwnership(): void {
    if (this.#connection === undefined) return;
    if (this.#pulse.isSilent) return this.#brokerConnection.reconnect();
    const now = this.#clock.monotonic();
    if (this.#memory.waitsForMs > MEMORY_WAIT_MS) this.#lanes.releaseForOthers(now);
    const renewBefore = now - (this.#options.renewAfterMs ?? RENEW_AFTER_MS);
    for (const owner of this.#lanes.owners) if (owner.heldSince < renewBefore) void owner.release();
  }

  #checkForStalls(): void {
    const { ownsLanes } = this.#pulse;
    for (const owner of this.#lanes.owners) owner.check(ownsLanes);
    if (ownsLanes) this.#dispatcher.preemption.makeRoom();
  }

  async #take(index: number): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || this.#isStopping || this.#lanes.has(index)) return;
    const { laneGroup, claims, log, prepare = () => Promise.resolve() } = this.#options;
    this.#terms += 1;
    const owner = new LaneOwner({
      laneGroup,
      index,
      dispatcher: this.#dispatcher,
      records: this.#records,
      publishing: this.#publishing,
      scout: this.#scout,
      claims,
      memory: this.#memory,
      owner: { worker: this.#id, term: this.#terms, begun: this.#begun },
      hasHeardOlder: () => this.#assignment.hasHeardOlder,
      lanePrefetch: () => this.#assignment.lanePrefetch,
      log,
      prepare,
      clock: this.#clock,
      random: this.#options.random,
      ports: {
        onUnreadable: (lane, delivery, unreadable) =>
          void this.#deadLetters.deadLetterUnreadable(lane, delivery, unreadable),
        onDuplicateDropped: (message) => this.#options.observer.onDuplicateDropped(message),
        onConsuming: () => this.#assignment.announceSoon(),
        onChange: (change) => this.#options.observer.onChange?.(change),
        onEnded: (ended) => this.#onOwnerEnded(ended),
      },
    });
    this.#lanes.add(owner);
    this.#changes.recordTaken(index);
    await owner.open(connection);
  }

  /** Not taken again at once: it may be lost again, or belong to another worker by now. */
  #onOwnerEnded(owner: LaneOwner): void {
    this.#lanes.remove(owner);
    this.#changes.recordReleased(owner.index);
    this.#clock.after(RETAKE_DELAY_MS, () => this.#assignment.rebalance());
  }
}
