import { type Clock, delay } from '@pdaltagent/clock';
import { type Dispatcher } from '@pdaltagent/delivery';
import { type Channel, type ChannelModel } from 'amqplib';
import { type LaneConsumer, type UnackedMessage } from './lane-consumer';
import { type Log } from './log';
import { type Publisher } from './publisher';
import { Siding, type SidingPorts } from './siding';
import { type LaneGroup } from './topology';

export interface IsolationOptions {
  readonly laneGroup: LaneGroup;
  readonly lane: LaneConsumer;
  readonly index: number;
  readonly dispatcher: Dispatcher<UnackedMessage>;
  readonly publisher: Publisher;
  readonly log: Log;
  readonly clock: Clock;
  readonly ports: Pick<SidingPorts, 'onMessage' | 'onUnreadable' | 'onClosedByBroker'> & {
    /** The lane has to be released and taken again. */
    onBroken(): void;
    /** A channel was lost, and the lane with it. */
    onLost(): void;
  };
}

const RECHECK_MS = 100;

/**
 * Keeps the keys of a lane from blocking each other: moves those that have to wait to sidings, and later back to the
 * lane.
 */
export class Isolation {
  readonly #options: IsolationOptions;
  readonly #sidings: readonly Siding[];
  /** The key that is being moved to a siding. */
  #moving: { readonly routingKey: string; readonly siding: Siding; isOpen: boolean } | undefined;
  #connection: ChannelModel | undefined;
  #control: Channel | undefined;
  #isSuspended = false;
  #hasEnded = false;

  constructor(options: IsolationOptions) {
    this.#options = options;
    const { laneGroup, index: lane, publisher, ports, clock } = options;
    this.#sidings = Array.from(
      { length: laneGroup.sidings },
      (_, index) =>
        new Siding(
          { laneGroup, lane, index },
          publisher,
          {
            onMessage: (message) => ports.onMessage(message),
            onUnreadable: (consumer, delivery, unreadable) => ports.onUnreadable(consumer, delivery, unreadable),
            onClosedByBroker: (consumer, reason) => ports.onClosedByBroker(consumer, reason),
            onEmptied: (siding) => void this.#returnToLane(siding),
            onBroken: () => ports.onBroken(),
          },
          clock,
        ),
    );
  }

  /** Number of parked keys. */
  get parkedKeys(): number {
    return this.#sidings.filter(({ routingKey }) => routingKey !== undefined).length;
  }

  /** Whether a key blocks the lane and cannot be parked: no siding is free, or the broker accepts no messages. */
  get isSuspended(): boolean {
    return this.#isSuspended || this.#sidings.some(({ isStuck }) => isStuck);
  }

  get consumers(): readonly LaneConsumer[] {
    return this.#sidings.flatMap(({ consumer }) => consumer ?? []);
  }

  begin(connection: ChannelModel, control: Channel): void {
    this.#connection = connection;
    this.#control = control;
  }

  /** Takes over the messages in the sidings, one siding after the other, once no other worker consumes them. */
  async loadSidings(): Promise<void> {
    try {
      for (const siding of this.#sidings) {
        if (!siding.isFree) continue;
        const messages = await this.#messagesIn(siding);
        if (messages > 0) await this.#takeOver(siding, messages);
      }
    } catch {
      // A channel was lost, and the lane with it or soon after.
      this.#options.ports.onLost();
    }
  }

  /** Whether messages wait in a siding that nobody consumes. */
  async isStranded(): Promise<boolean> {
    for (const { queue } of this.#sidings) {
      const state = await this.#control?.checkQueue(queue).catch(() => undefined);
      if (state === undefined) return false;
      if (state.messageCount > 0 && state.consumerCount === 0) return true;
    }
    return false;
  }

  /** Handles a message from the lane: true if its key is parked, so that it was moved to the siding. */
  redirect(message: UnackedMessage): boolean {
    const siding = this.#sidingOf(message.routingKey);
    if (siding === undefined || this.#moving?.siding === siding) return false;
    siding.move([message]);
    return true;
  }

  /** Checks whether a key blocks the lane. */
  checkForStalls(): void {
    for (const siding of this.#sidings) siding.moveWaiting();
    this.#isSuspended = false;
    if (this.#moving !== undefined) this.#beginMove();
    else if (this.#options.lane.isWindowFull) this.#chooseKey();
  }

  /** Accepts nothing more; resolves once no message is on its way to a siding. */
  async release(): Promise<void> {
    this.#hasEnded = true;
    await Promise.all(this.#sidings.map((siding) => siding.release()));
  }

  /**
   * Ends the pause of a key that was about to move. Call it after its messages were forgotten, so that none of them
   * starts.
   */
  cancelMove(): void {
    if (this.#moving !== undefined) this.#options.dispatcher.preemption.release(this.#moving.routingKey);
    this.#moving = undefined;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sidings.map((siding) => siding.close()));
  }

  lose(): void {
    this.#hasEnded = true;
    for (const siding of this.#sidings) siding.lose();
  }

  #sidingOf(routingKey: string): Siding | undefined {
    return this.#sidings.find((siding) => siding.routingKey === routingKey);
  }

  /** The number of messages in a siding, once neither we nor any other worker consumes it. */
  async #messagesIn({ queue }: Siding): Promise<number> {
    while (!this.#hasEnded && this.#control !== undefined) {
      const { messageCount, consumerCount } = await this.#control.checkQueue(queue);
      if (consumerCount === 0) return messageCount;
      // A channel is still being closed: its unacknowledged messages are not counted yet.
      await delay(this.#options.clock, RECHECK_MS);
    }
    return 0;
  }

  async #takeOver(siding: Siding, messages: number): Promise<void> {
    if (!this.#hasEnded && this.#connection !== undefined) await siding.takeOver(this.#connection, messages);
  }

  /**
   * The lane's prefetch window is full: parks the stalled key that fills most of it. A key with a message that the
   * broker no longer accepts cannot be parked, because that would break its order.
   */
  #chooseKey(): void {
    const { lane, dispatcher, publisher, log, index } = this.#options;
    const counts = new Map<string, number>();
    const fixed = new Set<string>();
    for (const { routingKey, body } of lane.held) {
      counts.set(routingKey, (counts.get(routingKey) ?? 0) + 1);
      if (!publisher.accepts(body.length)) fixed.add(routingKey);
    }
    const stalled = [...counts]
      .filter(([key]) => this.#sidingOf(key) === undefined && dispatcher.preemption.isStalled(key))
      .sort(([, a], [, b]) => b - a);
    if (stalled.length === 0) return;
    const routingKey = stalled.find(([key]) => !fixed.has(key))?.[0];
    const siding = this.#sidings.find(({ isFree }) => isFree);
    this.#isSuspended = routingKey === undefined || siding === undefined || publisher.state() !== 'connected';
    if (routingKey === undefined || siding === undefined || this.#isSuspended || this.#connection === undefined) return;
    const move = { routingKey, siding, isOpen: false };
    this.#moving = move;
    dispatcher.preemption.quiesce(routingKey);
    log.warn('key parked on a siding: it was blocking its lane', {
      key: routingKey,
      lane: index,
      siding: siding.index,
    });
    siding.open(this.#connection, routingKey).then(
      () => (move.isOpen = true),
      () => this.#options.ports.onLost(),
    );
  }

  /**
   * Moves the held messages of the key, in order, as soon as none of its attempts is in flight. Attempts that hang
   * are interrupted.
   */
  #beginMove(): void {
    const { dispatcher, lane } = this.#options;
    const move = this.#moving;
    if (move === undefined || !move.isOpen) return;
    const { routingKey, siding } = move;
    const held = [...lane.held].filter((message) => message.routingKey === routingKey && dispatcher.has(message));
    if (held.some((message) => dispatcher.isBusy(message))) return dispatcher.preemption.interrupt(routingKey);
    this.#moving = undefined;
    dispatcher.forget(held);
    dispatcher.preemption.release(routingKey);
    siding.move(held);
  }

  /**
   * The siding seems to be empty: closes its consumer and asks the broker; messages of the key that arrive meanwhile
   * wait. If it is empty, the key returns to its lane.
   */
  async #returnToLane(siding: Siding): Promise<void> {
    if (this.#moving?.siding === siding || this.#hasEnded) return;
    const { routingKey } = siding;
    try {
      await siding.pause();
      const messages = await this.#messagesIn(siding);
      if (messages > 0) return await this.#takeOver(siding, messages);
    } catch {
      return this.#options.ports.onLost();
    }
    if (this.#hasEnded) return;
    this.#options.log.info('key returned to its lane', { key: routingKey, lane: this.#options.index });
    for (const message of siding.clear()) this.#options.dispatcher.add(message);
  }
}
