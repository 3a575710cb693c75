import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Dispatcher } from '@pdaltagent/delivery';
import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { type RedeliveryFilter } from './redelivery-filter';
import { Isolation } from './isolation';
import { LaneConsumer, type UnackedMessage } from './lane-consumer';
import { type Log } from './log';
import { type Unreadable } from './message';
import { Misrouted } from './misrouted';
import { type Publisher } from './publisher';
import { type LaneGroup, laneQueue } from './topology';

export interface LaneOwnerPorts {
  onUnreadable(lane: LaneConsumer, delivery: ConsumeMessage, unreadable: Unreadable): void;
  /** The lane is no longer ours: lost, or released because its state is uncertain. */
  onEnded(owner: LaneOwner): void;
}

export interface LaneOwnerOptions {
  readonly laneGroup: LaneGroup;
  readonly index: number;
  readonly dispatcher: Dispatcher<UnackedMessage>;
  readonly redeliveryFilter: RedeliveryFilter;
  readonly publisher: Publisher;
  readonly log: Log;
  /** Awaited before the first message of the lane or of a siding; must settle soon, whatever hangs. */
  readonly prepare: () => Promise<void>;
  readonly ports: LaneOwnerPorts;
  readonly clock?: Clock | undefined;
}

/** Owns one lane and its sidings, from subscribing to releasing. */
export class LaneOwner {
  readonly index: number;
  readonly #options: LaneOwnerOptions;
  readonly #lane: LaneConsumer;
  readonly #isolation: Isolation;
  readonly #misrouted: Misrouted;
  /** Messages that arrived from the lane before its sidings were loaded. */
  readonly #early: UnackedMessage[] = [];
  #gate: 'closed' | 'opening' | 'open' = 'closed';
  #state: 'working' | 'releasing' | 'gone' = 'working';

  constructor(options: LaneOwnerOptions) {
    this.#options = options;
    this.index = options.index;
    const { laneGroup, index, dispatcher, publisher, log, redeliveryFilter, ports, clock = SYSTEM_CLOCK } = options;
    const onUnreadable = (lane: LaneConsumer, delivery: ConsumeMessage, what: Unreadable): void =>
      ports.onUnreadable(lane, delivery, what);
    const onClosedByBroker = ({ queue }: LaneConsumer, reason: string): void =>
      log.warn('the broker closed the channel of a queue: its messages are redelivered', { queue, reason });
    const deliver = (message: UnackedMessage): void => dispatcher.add(message);
    this.#misrouted = new Misrouted({ laneGroup, index, publisher, deliver, log, clock });
    this.#lane = new LaneConsumer(
      laneQueue(laneGroup, index),
      laneGroup,
      {
        onMessage: (message) => this.#onMessage(message),
        onUnreadable,
        onClosedByBroker,
        onLost: () => this.lose(),
      },
      clock,
    );
    this.#isolation = new Isolation({
      laneGroup,
      lane: this.#lane,
      index,
      dispatcher,
      publisher,
      log,
      clock,
      ports: {
        onMessage: (message) => {
          if (!this.#misrouted.redirect(message)) redeliveryFilter.onMessage(message);
        },
        onUnreadable,
        onClosedByBroker,
        onBroken: () => void this.release(),
        onLost: () => this.lose(),
      },
    });
  }

  /** Number of parked keys. */
  get parkedKeys(): number {
    return this.#isolation.parkedKeys;
  }

  /** Whether a key blocks the lane and cannot be parked. */
  get isIsolationSuspended(): boolean {
    return this.#isolation.isSuspended;
  }

  /** Those of the sidings that are in use, and of the lane. */
  get consumers(): readonly LaneConsumer[] {
    return [...this.#isolation.consumers, this.#lane];
  }

  /** Every unacknowledged message of the lane and its sidings. */
  get held(): readonly UnackedMessage[] {
    return this.consumers.flatMap(({ held }) => [...held]);
  }

  /** When the oldest held message arrived, on the monotonic clock. */
  get heldSince(): number | undefined {
    const oldest = this.consumers.flatMap(({ held }) => [...held].slice(0, 1).map(({ heldSince }) => heldSince));
    return oldest.length === 0 ? undefined : Math.min(...oldest);
  }

  async open(connection: ChannelModel, control: Channel): Promise<void> {
    this.#isolation.begin(connection, control);
    await this.#lane.open(connection).catch(() => this.lose());
  }

  /** Accepts a message that is no duplicate: moves it to the siding if its key is parked, else dispatches it. */
  admit(message: UnackedMessage): void {
    if (message.lane === this.#lane && this.#isolation.redirect(message)) return;
    this.#options.dispatcher.add(message);
  }

  /** Checks whether a key blocks the lane, or its release. */
  checkForStalls(): void {
    if (this.#state === 'working' && this.#gate === 'open') this.#isolation.checkForStalls();
    if (this.#state !== 'releasing') return;
    // Until the lane is released nobody delivers the messages of its other keys.
    const { preemption } = this.#options.dispatcher;
    for (const key of new Set(this.held.map(({ routingKey }) => routingKey))) preemption.interrupt(key);
  }

  /** The broker delivers nothing from one of its queues, and would not before that is subscribed to again: releases the lane. */
  renewStarved(queue: string): void {
    if (this.#state !== 'working') return;
    this.#options.log.warn('the broker delivers nothing although messages wait: renewing the lane', {
      lane: this.index,
      queue,
    });
    void this.release();
  }

  /** While the lane itself receives nothing: takes over messages in sidings that nobody consumes. */
  async takeOverStranded(): Promise<void> {
    if (this.#state !== 'working' || this.#gate !== 'closed' || !(await this.#isolation.isStranded())) return;
    // If a first message arrived meanwhile, its sidings are being loaded already. A second run would consume one
    // twice: the first consumer would be forgotten and never closed, and the next owner would wait for its end
    // forever.
    if (!this.#gateIs('closed')) return;
    await this.#loadSidings();
    // Another worker may still own the lane: with its first message the sidings are loaded again.
    this.#gate = 'closed';
    if (this.#early.length > 0) await this.#inspect();
  }

  /**
   * Starts nothing new, lets attempts in flight settle, requeues everything in order: the sidings first, the lane
   * last.
   */
  async release(): Promise<void> {
    if (this.#state !== 'working') return;
    this.#state = 'releasing';
    const { dispatcher } = this.#options;
    const consumers = this.consumers;
    for (const consumer of consumers) consumer.beginRelease();
    const idle = consumers.flatMap(({ held, signal }) =>
      [...held].filter((message) => signal.aborted || !dispatcher.isBusy(message)),
    );
    // First of all: attempts in flight may have to be retried, so nothing after them may start.
    dispatcher.forget(idle);
    this.#isolation.cancelMove();
    await this.#isolation.release();
    for (const message of idle) message.lane.returnToQueue(message);
    await Promise.all(consumers.map((consumer) => consumer.whenDrained()));
    await this.#isolation.close();
    await this.#lane.close();
    this.#end();
  }

  /** The channel or the connection was lost: the broker requeues what was held. */
  lose(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    for (const consumer of this.consumers) this.#options.dispatcher.forget(consumer.held);
    this.#isolation.cancelMove();
    this.#isolation.lose();
    this.#lane.lose();
    this.#options.ports.onEnded(this);
  }

  #end(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#options.ports.onEnded(this);
  }

  #onMessage(message: UnackedMessage): void {
    if (this.#misrouted.redirect(message)) return;
    if (this.#gate === 'open') return this.#options.redeliveryFilter.onMessage(message);
    this.#early.push(message);
    // The broker has activated our consumer: the previous owner is gone, and the sidings can be counted.
    if (this.#gate === 'closed') void this.#inspect();
  }

  #gateIs(state: 'closed' | 'opening' | 'open'): boolean {
    return this.#gate === state;
  }

  /** The lane's own messages may only pass once the sidings are loaded. */
  async #inspect(): Promise<void> {
    await this.#loadSidings();
    if (this.#state !== 'working') return;
    this.#gate = 'open';
    for (const message of this.#early.splice(0)) this.#options.redeliveryFilter.onMessage(message);
  }

  async #loadSidings(): Promise<void> {
    this.#gate = 'opening';
    // In this order: messages in a siding are sent as soon as it is taken over. Preparing takes seconds at most.
    await this.#options.prepare();
    await this.#isolation.loadSidings();
  }
}
