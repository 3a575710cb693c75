import { type Clock, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Dispatcher } from '@pdaltagent/delivery';
import { type Channel, type ChannelModel } from 'amqplib';
import { replyTo } from './reply-timeout';
import { DeadLetterPublisher, type DeadLetterWritten } from './dead-letter-publisher';
import { DeliveredIds } from './delivered-ids';
import { DeliveryExecutor } from './delivery-executor';
import { BrokerLiveness } from './broker-liveness';
import { RedeliveryFilter } from './redelivery-filter';
import { type UnackedMessage } from './lane-consumer';
import { LaneChanges } from './lane-changes';
import { LaneDepths } from './lane-depths';
import { LaneOwner } from './lane-owner';
import { LaneAssignment } from './lane-assignment';
import { type LaneWorkerOptions } from './lane-worker-options';
import { CHECK_EVERY_MS, StallMonitor } from './stall-monitor';
import { answeringQueues } from './queue-liveness';
import { Starvation } from './starvation';
import { OwnedLanes } from './owned-lanes';
import { Publisher } from './publisher';
import { BrokerConnection } from './broker-connection';
import { declareTopology, laneOfMessage, STATUS_EXCHANGE } from './topology';
import { TraceResponder } from './trace-responder';

const RENEW_AFTER_MS = 10 * 60_000;
const LIVENESS_CHECK_EVERY_MS = 1_000;
/** How often idle lanes are checked for messages in a siding that nobody consumes. */
const STRANDED_CHECK_EVERY_MS = 5_000;
/** How often the depth of our lanes is queried, and compared with what the broker delivers. */
const DEPTH_REFRESH_EVERY_MS = 10_000;
/** Delay before a lost lane is taken again: it may be lost again at once. */
const RETAKE_DELAY_MS = 250;

/**
 * Consumes the lanes of one exchange: has their messages delivered in the order of their alerts, and
 * acknowledges those that were delivered or became dead letters. Shares the lanes with other workers.
 */
export class LaneWorker {
  readonly #options: LaneWorkerOptions;
  readonly #executor: DeliveryExecutor;
  readonly #redeliveryFilter: RedeliveryFilter;
  readonly #assignment: LaneAssignment;
  readonly #publisher: Publisher;
  readonly #deadLetters: DeadLetterPublisher;
  readonly #brokerConnection: BrokerConnection;
  readonly #depths: LaneDepths;
  readonly #starvation: Starvation;
  readonly #traceResponder: TraceResponder;
  readonly #lanes = new OwnedLanes();
  readonly #changes: LaneChanges;
  readonly #clock: Clock;
  readonly #liveness: BrokerLiveness;
  readonly #stopLivenessChecks: () => void;
  readonly #stopTimers: readonly (() => void)[];
  #connection: ChannelModel | undefined;
  #control: Channel | undefined;
  #isStopping = false;

  constructor(options: LaneWorkerOptions) {
    this.#options = options;
    const { url, name, laneGroup, queueType, log, observer, connect, clock = SYSTEM_CLOCK, random } = options;
    this.#clock = clock;
    this.#liveness = new BrokerLiveness(clock);
    this.#changes = new LaneChanges(log, () => this.#lanes.indices, clock);
    const delivered = new DeliveredIds(options.markers, clock);
    this.#redeliveryFilter = new RedeliveryFilter(delivered, {
      admit: (message) => this.#ownerOf(message)?.admit(message),
      dropDuplicate: (message) => {
        observer.onDuplicateDropped(message);
        message.lane.ack(message);
      },
    });
    this.#publisher = new Publisher({
      url,
      name: `${name} publishing`,
      laneGroup,
      queueType,
      log,
      connect,
      clock,
      random,
    });
    const written: DeadLetterWritten = (reason, message) => observer.onDeadLettered(reason, message);
    this.#deadLetters = new DeadLetterPublisher(laneGroup, this.#publisher, log, written, clock);
    this.#executor = new DeliveryExecutor(options, {
      delivered,
      deadLetters: this.#deadLetters,
      liveness: this.#liveness,
    });
    this.#depths = new LaneDepths(laneGroup);
    this.#starvation = new Starvation({
      lanes: this.#lanes,
      depths: this.#depths,
      answering: (queues) => answeringQueues(queues, options),
      clock,
    });
    this.#traceResponder = new TraceResponder({
      group: laneGroup.exchange,
      lanes: () => this.#lanes.indices,
      held: () => this.#lanes.held,
      statusOf: (message) => this.#dispatcher.statusOf(message),
      reply: (queue, body) => void this.#publisher.send('', queue, body, { mandatory: false }).catch(() => undefined),
    });
    this.#assignment = new LaneAssignment({
      laneGroup,
      announce: (body) =>
        void this.#publisher.send(STATUS_EXCHANGE, '', body, { mandatory: false }).catch(() => undefined),
      take: (lane) => void this.#take(lane),
      release: (lane) => void this.#lanes.get(lane)?.release(),
      owned: () => this.#lanes.indices,
      clock,
      random,
    });
    this.#brokerConnection = new BrokerConnection({
      url,
      name: `${name} consuming`,
      // One per lane, and the control channel; more for the sidings that are in use.
      channels: laneGroup.lanes + 1,
      log,
      open: (connection) => this.#open(connection),
      onLost: () => this.#onLost(),
      connect,
      clock,
      random,
    });
    const stallMonitor = new StallMonitor(this.#liveness, () => this.#checkForStalls());
    this.#stopLivenessChecks = every(clock, LIVENESS_CHECK_EVERY_MS, () => void this.#checkLiveness());
    this.#stopTimers = [
      every(clock, CHECK_EVERY_MS, () => stallMonitor.due(clock.monotonic())),
      every(clock, STRANDED_CHECK_EVERY_MS, () => void this.#lanes.takeOverStranded()),
      every(clock, DEPTH_REFRESH_EVERY_MS, () => void this.#starvation.check(this.#control)),
    ];
  }

  /** Starts working as soon as the broker is reachable; does not wait for it. */
  start(): void {
    this.#publisher.start();
    this.#brokerConnection.start();
  }

  /** Starts nothing new, lets attempts in flight settle, releases every lane with its messages in order. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#assignment.leave();
    for (const stop of this.#stopTimers) stop();
    await Promise.all(this.#lanes.owners.map((owner) => owner.release()));
    this.#changes.flush();
    this.#stopLivenessChecks();
    await this.#publisher.close();
    await this.#brokerConnection.close();
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

  get isConnected(): boolean {
    return this.#brokerConnection.isConnected;
  }

  /** Whether no other worker can own our lanes: a process that was paused has to check this before it sends anything. */
  get ownsLanes(): boolean {
    return this.#liveness.ownsLanes;
  }

  get lanes(): number {
    return this.#lanes.count;
  }

  /** Of the bodies of all messages that it has taken and not acknowledged. */
  get heldBytes(): number {
    return this.#lanes.held.reduce((sum, { body }) => sum + body.length, 0);
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

  /** Lanes that are blocked by a key that cannot be parked. */
  get lanesWithoutIsolation(): number {
    return this.#lanes.withoutIsolation;
  }

  get #dispatcher(): Dispatcher<UnackedMessage> {
    return this.#executor.dispatcher;
  }

  async #open(connection: ChannelModel): Promise<void> {
    const { laneGroup, queueType, log } = this.#options;
    await declareTopology(connection, laneGroup, queueType, { clock: this.#clock, log });
    const control = await replyTo(connection.createChannel(), { request: 'channel.open', clock: this.#clock });
    control.on('error', (error) => log.error('the control channel failed', { error: error.message }));
    control.on('close', () => {
      if (control === this.#control) this.#brokerConnection.reconnect();
    });
    this.#liveness.recordReply();
    this.#connection = connection;
    this.#control = control;
    await this.#traceResponder.listen(control);
    await this.#assignment.join(control);
  }

  /** The connection was lost, and everything held with it. Attempts in flight are aborted. */
  #onLost(): void {
    this.#connection = undefined;
    this.#control = undefined;
    this.#liveness.onConnectionLost();
    for (const owner of this.#lanes.owners) owner.lose();
  }

  /** Checks that the broker answers, and renews lanes that have held a message for long. */
  async #checkLiveness(): Promise<void> {
    const control = this.#control;
    if (control === undefined) return;
    const asked = this.#liveness.now();
    if (this.#liveness.isSilent) return this.#brokerConnection.reconnect();
    const renewBefore = asked.monotonic - (this.#options.renewAfterMs ?? RENEW_AFTER_MS);
    for (const owner of this.#lanes.owners)
      if ((owner.heldSince ?? asked.monotonic) < renewBefore) void owner.release();
    await control.checkExchange(STATUS_EXCHANGE).then(
      () => this.#liveness.recordReply(asked),
      () => undefined,
    );
  }

  #checkForStalls(): void {
    for (const owner of this.#lanes.owners) owner.checkForStalls();
    this.#dispatcher.preemption.makeRoom();
  }

  async #take(index: number): Promise<void> {
    const connection = this.#connection;
    const control = this.#control;
    if (connection === undefined || control === undefined || this.#isStopping || this.#lanes.has(index)) return;
    const { laneGroup, log, prepare = () => Promise.resolve() } = this.#options;
    const owner = new LaneOwner({
      laneGroup,
      index,
      dispatcher: this.#dispatcher,
      redeliveryFilter: this.#redeliveryFilter,
      publisher: this.#publisher,
      log,
      prepare,
      clock: this.#clock,
      ports: {
        onUnreadable: (lane, delivery, unreadable) =>
          void this.#deadLetters.deadLetterUnreadable(lane, delivery, unreadable),
        onEnded: (owner) => this.#onOwnerEnded(owner),
      },
    });
    this.#lanes.add(owner);
    this.#changes.recordTaken(index);
    await owner.open(connection, control);
  }

  /** Not taken again at once: it may be lost again, or belong to another worker by now. */
  #onOwnerEnded(owner: LaneOwner): void {
    this.#lanes.remove(owner);
    this.#changes.recordReleased(owner.index);
    this.#clock.after(RETAKE_DELAY_MS, () => this.#assignment.rebalance());
  }

  #ownerOf(message: UnackedMessage): LaneOwner | undefined {
    return this.#lanes.get(laneOfMessage(this.#options.laneGroup, message));
  }
}
