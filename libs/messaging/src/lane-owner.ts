import { SYSTEM_CLOCK, SYSTEM_RANDOM } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { LaneChannel, type UnackedMessage } from './lane-channel';
import { LaneClaim } from './lane-claim';
import { type LaneOwnerOptions } from './lane-owner-options';
import { LaneTable } from './lane-table';
import { Misrouted } from './misrouted';
import { Parking } from './parking';
import { type QueuePublisher } from './queue-publisher';
import { Siding, whenCopiesReturned } from './siding';
import { laneQueue, parkingExchange, sidingKey, sidingQueue, tableKey, tableQueue } from './topology';

/** RabbitMQ closes the channel of a message that is not acknowledged for 30 minutes. Without an alarm the table is written earlier. */
const TABLE_HELD_MS = 20 * 60_000;

/** Owns one lane and its sidings, from subscribing to releasing. */
export class LaneOwner {
  readonly index: number;
  readonly #options: LaneOwnerOptions<LaneOwner>;
  readonly #lane: LaneChannel;
  readonly #claim: LaneClaim;
  readonly #publishers: QueuePublisher[] = [];
  readonly #table: LaneTable;
  readonly #queue: string;
  readonly #tableQueue: string;
  readonly #sidings: readonly Siding[];
  readonly #parking: Parking;
  readonly #misrouted: Misrouted;
  /** Messages that are being delivered, by id. */
  readonly #admitted = new Map<string, UnackedMessage>();
  /** Messages in the table's queue, where somebody else put them, until the lane is taken; undefined afterwards. */
  #early: UnackedMessage[] | undefined = [];
  #state: 'working' | 'releasing' | 'gone' = 'working';

  constructor(options: LaneOwnerOptions<LaneOwner>) {
    this.#options = options;
    this.index = options.index;
    const { laneGroup, index, dispatcher, publishing, log, ports } = options;
    const { owner, claims, scout, memory, clock = SYSTEM_CLOCK, random = SYSTEM_RANDOM } = options;
    const queue = laneQueue(laneGroup, index);
    this.#queue = queue;
    this.#claim = new LaneClaim({
      lane: queue,
      ...owner,
      claims,
      clock,
      onLost: () => this.#leave('a lane is no longer claimed by this worker'),
    });
    const lane = new LaneChannel(
      { claim: this.#claim, scout, memory, clock },
      {
        onMessage: (message) => this.#onMessage(message),
        onUnreadable: (from, delivery, unreadable) => ports.onUnreadable(from, delivery, unreadable),
        onSettled: (message) => this.#onSettled(message),
        onAcksLost: () => this.#leave('acknowledgements of a lane were lost'),
        onClosedByBroker: (reason) =>
          log.warn('the broker closed the channel of a lane: its messages are redelivered', { queue, reason }),
        onLost: () => this.lose(),
      },
    );
    this.#lane = lane;
    const publisherOf = (exchange: string, routingKey: string): QueuePublisher => {
      const own = publishing.publisherOf(exchange, routingKey);
      this.#publishers.push(own);
      return own;
    };
    this.#tableQueue = tableQueue(laneGroup, index);
    const parked = parkingExchange(laneGroup);
    this.#table = new LaneTable({
      queue: this.#tableQueue,
      lane,
      publisher: publisherOf(parked, tableKey(index)),
      onLost: () => this.#leave('the table of a lane had another owner'),
      clock,
      random,
    });
    this.#sidings = Array.from(
      { length: laneGroup.sidings },
      (_, siding) =>
        new Siding(siding, sidingQueue(laneGroup, index, siding), {
          publisher: publisherOf(parked, sidingKey(index, siding)),
          ackDelivery: (delivery) => lane.ackDelivery(delivery),
          isAdmitted: (message) => dispatcher.has(message),
          onMoved: (message) => {
            if (!dispatcher.has(message)) lane.returnToQueue(message);
          },
          clock,
          random,
        }),
    );
    const admit = (message: UnackedMessage): void => this.#admit(message);
    this.#parking = new Parking({
      index,
      queue,
      lane,
      sidings: this.#sidings,
      table: this.#table,
      dispatcher,
      publishing,
      admit,
      sidingPrefetch: laneGroup.formerPrefetch,
      onChange: (change) => ports.onChange(change),
      retake: () => this.#leave('what is left in the sidings of a lane is only known once it is taken again'),
      log,
      clock,
    });
    this.#misrouted = new Misrouted({
      laneGroup,
      index,
      publisherOf: (routingKey) => publisherOf(laneGroup.exchange, routingKey),
      deliver: admit,
      log,
      clock,
    });
  }

  /** Number of parked keys. */
  get parkedKeys(): number {
    return this.#parking.size;
  }

  /** Whether a key blocks the lane and cannot be parked. */
  get isIsolationSuspended(): boolean {
    return this.#parking.isSuspended;
  }

  /** Every unacknowledged message of the lane and its sidings. */
  get held(): readonly UnackedMessage[] {
    return [...this.#lane.held];
  }

  /** Of the messages that are held, unless it is being released. */
  get bytes(): number {
    return this.#state === 'working' ? this.#lane.bytes : 0;
  }

  /** When its last queue was opened so far; monotonic. */
  get openedAt(): number {
    return this.#lane.openedAt;
  }

  /** When the last ack was sent; monotonic. */
  get ackedAt(): number {
    return this.#lane.ackedAt;
  }

  /** When the oldest message that is held arrived, or the oldest mark; monotonic. */
  get heldSince(): number {
    const [oldest] = this.#lane.held;
    return Math.min(oldest?.heldSince ?? Infinity, ...this.#sidings.map(({ markedAt }) => markedAt));
  }

  /** Whether the lane is ours, or we wait for it. */
  get isConsuming(): boolean {
    return this.#table.isSubscribed;
  }

  /** Takes the lane as soon as no other worker has it. */
  async open(connection: ChannelModel): Promise<void> {
    await this.#takeOver(connection).catch(() => this.#onOpenFailed());
  }

  /** To be called several times a second. @param mayPark false while nothing can be attempted */
  check(mayPark: boolean): void {
    if (this.#state === 'releasing') return this.#interruptHanging();
    if (this.#state !== 'working') return;
    for (const siding of this.#sidings) if (!this.#lane.isFull(siding.queue)) siding.renewLostMark();
    this.#parking.check(mayPark);
    const { lanePrefetch, clock = SYSTEM_CLOCK } = this.#options;
    if (this.#lane.windowOf(this.#queue) < lanePrefetch()) this.#leave('a lane may have a larger window by now');
    if (clock.monotonic() - this.#table.heldSince > TABLE_HELD_MS) this.#leave('the table of a lane cannot be written');
  }

  /** Starts nothing new, lets attempts in flight settle, requeues everything in order; waits for no publish (I7). */
  async release(): Promise<void> {
    if (this.#state !== 'working') return;
    this.#state = 'releasing';
    const { dispatcher, clock = SYSTEM_CLOCK } = this.#options;
    this.#stopPublishing();
    this.#lane.beginRelease();
    const idle = [...this.#lane.held].filter((message) => !dispatcher.isBusy(message));
    // First of all: attempts in flight may have to be retried, so nothing after them may start.
    dispatcher.forget(idle);
    for (const message of idle) this.#lane.returnToQueue(message);
    await this.#lane.whenDrained();
    await whenCopiesReturned(this.#sidings, clock);
    await this.#claim.withdraw();
    await this.#lane.close();
    this.#end();
  }

  /** Until the lane is released nobody delivers the messages of its other keys. */
  #interruptHanging(): void {
    const { preemption } = this.#options.dispatcher;
    for (const key of new Set(this.held.map(({ routingKey }) => routingKey))) preemption.interrupt(key);
  }

  /** The channel or the connection was lost: the broker requeues what was held. */
  lose(): void {
    if (this.#state === 'gone') return;
    this.#options.dispatcher.forget(this.#lane.held);
    this.#stopPublishing();
    this.#end();
    this.#lane.lose();
    // Attempts in flight are aborted: to wait for them would not help.
    void this.#claim.withdraw();
  }

  #end(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    if (this.#claim.isMade) this.#options.ports.onChange({ kind: 'lane-released', lane: this.index });
    this.#options.ports.onEnded(this);
  }

  #stopPublishing(): void {
    for (const publisher of this.#publishers) publisher.stop();
  }

  /**
   * Attempts in flight may go on: the other worker waits before it begins, and most of them end meanwhile and are then known to be
   * delivered.
   */
  #leave(why: string): void {
    if (this.#state !== 'working') return;
    this.#options.log.warn(`${why}: leaving it`, { lane: this.index });
    void this.release();
  }

  /** Nothing of the lane is delivered before its parked keys are known: invariant I3. */
  async #takeOver(connection: ChannelModel): Promise<void> {
    await this.#lane.open(connection);
    const keys = await this.#table.take(() => this.#options.ports.onConsuming());
    await this.#claim.make(this.#lane.signal);
    if (this.#claim.isMade) this.#options.ports.onChange({ kind: 'lane-taken', lane: this.index });
    this.#options.dispatcher.observeRatesAgain();
    // Preparing takes seconds at most.
    await this.#options.prepare();
    this.#lane.signal.throwIfAborted();
    const isComplete = keys !== undefined && !this.#options.hasHeardOlder();
    this.#parking.begin(keys ?? new Map(), isComplete);
    if (!isComplete) {
      await this.#adoptSidings();
      this.#admitEarly();
      return this.#open(this.#queue);
    }
    this.#admitEarly();
    const { memory } = this.#options;
    // Those first that have waited for memory for longest.
    const queues = [this.#queue, ...this.#sidings.map(({ queue }) => queue)];
    for (const queue of queues.sort((left, right) => memory.turnOf(left) - memory.turnOf(right)))
      void this.#open(queue);
  }

  /** Before, an attempt would find the former owner's claim, and leave the lane. */
  #admitEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) if (this.#lane.held.has(message)) this.#onMessage(message);
  }

  /** A version without tables left one key at most in each siding. */
  async #adoptSidings(): Promise<void> {
    await Promise.all(
      this.#sidings.map(async (siding) => {
        const isLearned = siding.whenLearned();
        siding.requestMark();
        await this.#open(siding.queue);
        await isLearned;
      }),
    );
    await this.#parking.writeFirst();
    this.#lane.signal.throwIfAborted();
  }

  async #open(queue: string): Promise<void> {
    const siding = this.#sidings.find((each) => each.queue === queue);
    const { laneGroup, lanePrefetch } = this.#options;
    const isUrgent = siding === undefined;
    const prefetch = isUrgent ? lanePrefetch : () => laneGroup.formerPrefetch;
    try {
      await this.#lane.consume(queue, { isUrgent, prefetch }, (delivery) => siding?.take(delivery) ?? false);
      if (siding !== undefined) siding.isOpen = true;
    } catch {
      this.#onOpenFailed();
    }
  }

  #onOpenFailed(): void {
    if (this.#state === 'working') this.lose();
  }

  #onMessage(message: UnackedMessage): void {
    if (message.queue === this.#tableQueue && this.#early !== undefined) return void this.#early.push(message);
    if (this.#misrouted.redirect(message)) return;
    const admitted = this.#admitted.get(message.id);
    if (admitted !== undefined) return this.#join(admitted, message);
    if (this.#options.records.has(message.id)) {
      this.#options.ports.onDuplicateDropped(message);
      return this.#lane.ack(message);
    }
    const siding = this.#sidings.find(({ queue }) => queue === message.queue);
    if (siding === undefined && this.#parking.redirect(message)) return;
    if (siding !== undefined) {
      this.#parking.adopt(message.routingKey, siding);
      siding.learned();
    }
    this.#admit(message);
  }

  #admit(message: UnackedMessage): void {
    this.#admitted.set(message.id, message);
    this.#options.dispatcher.add(message);
  }

  /** A copy of a message that is being delivered, or its delivery after a demotion that nobody noticed: both are acknowledged together. */
  #join(admitted: UnackedMessage, message: UnackedMessage): void {
    for (const delivery of message.deliveries) admitted.deliveries.add(delivery);
    this.#lane.returnToQueue(message);
  }

  #onSettled(message: UnackedMessage): void {
    if (this.#admitted.get(message.id) === message) this.#admitted.delete(message.id);
    for (const siding of this.#sidings) siding.onSettled(message);
  }
}
