import { type Clock, delay } from '@pdaltagent/clock';
import { type Dispatcher } from '@pdaltagent/delivery';
import { type Channel, type ChannelModel } from 'amqplib';
import { type LaneConsumer, PREFETCH, type UnackedMessage } from './lane-consumer';
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
  readonly ports: Pick<SidingPorts, 'arrived' | 'unreadable' | 'closedByBroker'> & {
    /** The lane has to be given back and taken anew. */
    broken(): void;
    /** A channel is gone, and the lane with it. */
    lost(): void;
  };
}

const RECHECK_MS = 100;

/** Keeps a lane's keys from holding each other up: moves those that have to wait to sidings, and back to the direct way. */
export class Isolation {
  readonly #options: IsolationOptions;
  readonly #sidings: readonly Siding[];
  /** The key that is being moved aside, and where to. */
  #moving: { readonly routingKey: string; readonly siding: Siding; isOpen: boolean } | undefined;
  #connection: ChannelModel | undefined;
  #control: Channel | undefined;
  #suspended = false;
  #ended = false;

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
            arrived: (message) => ports.arrived(message),
            unreadable: (consumer, delivery, unreadable) => ports.unreadable(consumer, delivery, unreadable),
            closedByBroker: (consumer, reason) => ports.closedByBroker(consumer, reason),
            emptied: (siding) => void this.#returnToLane(siding),
            broken: () => ports.broken(),
          },
          clock,
        ),
    );
  }

  /** Keys that stand aside. */
  get keysAside(): number {
    return this.#sidings.filter(({ routingKey }) => routingKey !== undefined).length;
  }

  /** Whether a key holds its neighbours up and cannot be moved: no siding is free, or the broker takes nothing. */
  get suspended(): boolean {
    return this.#suspended || this.#sidings.some(({ isStuck }) => isStuck);
  }

  get consumers(): readonly LaneConsumer[] {
    return this.#sidings.flatMap(({ consumer }) => consumer ?? []);
  }

  begin(connection: ChannelModel, control: Channel): void {
    this.#connection = connection;
    this.#control = control;
  }

  /** Takes over what stands in the sidings, one after the other, once nobody else consumes them. */
  async loadSidings(): Promise<void> {
    try {
      for (const siding of this.#sidings) {
        if (!siding.isFree) continue;
        const messages = await this.#messagesIn(siding);
        if (messages > 0) await this.#takeOver(siding, messages);
      }
    } catch {
      // A channel is gone, and the lane with it, or soon.
      this.#options.ports.lost();
    }
  }

  /** Whether something waits in a siding that nobody consumes. */
  async isStranded(): Promise<boolean> {
    for (const { queue } of this.#sidings) {
      const state = await this.#control?.checkQueue(queue).catch(() => undefined);
      if (state === undefined) return false;
      if (state.messageCount > 0 && state.consumerCount === 0) return true;
    }
    return false;
  }

  /** A message came off the lane. True where its key stands aside: it follows. */
  redirect(message: UnackedMessage): boolean {
    const siding = this.#sidingOf(message.routingKey);
    if (siding === undefined || this.#moving?.siding === siding) return false;
    siding.move([message]);
    return true;
  }

  /** Looks whether a key holds its neighbours up. */
  checkForStalls(): void {
    for (const siding of this.#sidings) siding.moveWaiting();
    this.#suspended = false;
    if (this.#moving !== undefined) this.#beginMove();
    else if (this.#options.lane.held.size >= PREFETCH) this.#chooseKey();
  }

  /** Takes nothing more in; resolves once nothing is on its way into a siding. */
  async release(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#sidings.map((siding) => siding.release()));
  }

  /** Ends the hold on a departing key; after its messages were forgotten, so that none of them starts. */
  cancelMove(): void {
    if (this.#moving !== undefined) this.#options.dispatcher.preemption.release(this.#moving.routingKey);
    this.#moving = undefined;
  }

  async close(): Promise<void> {
    await Promise.all(this.#sidings.map((siding) => siding.close()));
  }

  lose(): void {
    this.#ended = true;
    for (const siding of this.#sidings) siding.lose();
  }

  #sidingOf(routingKey: string): Siding | undefined {
    return this.#sidings.find((siding) => siding.routingKey === routingKey);
  }

  /** How many messages stand in a siding that we do not consume, once nobody else does either. */
  async #messagesIn({ queue }: Siding): Promise<number> {
    while (!this.#ended && this.#control !== undefined) {
      const { messageCount, consumerCount } = await this.#control.checkQueue(queue);
      if (consumerCount === 0) return messageCount;
      // Some channel is still being taken down: its unacknowledged messages are not yet counted.
      await delay(this.#options.clock, RECHECK_MS);
    }
    return 0;
  }

  async #takeOver(siding: Siding, messages: number): Promise<void> {
    if (!this.#ended && this.#connection !== undefined) await siding.takeOver(this.#connection, messages);
  }

  /**
   * The lane's window is full: the key that holds most of it, and is held up itself, has to go aside. One with a message that
   * the broker takes no more cannot: its order would be lost.
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
    this.#suspended = routingKey === undefined || siding === undefined || publisher.state() !== 'connected';
    if (routingKey === undefined || siding === undefined || this.#suspended || this.#connection === undefined) return;
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
      () => this.#options.ports.lost(),
    );
  }

  /** As soon as nothing of the key is in flight, what is held of it moves, in its order. What hangs is not waited for. */
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
   * Nothing of the key seems to be left: the broker is asked, once nobody consumes the siding, and what comes of the key
   * meanwhile waits. Then it goes the direct way, behind nothing of its own.
   */
  async #returnToLane(siding: Siding): Promise<void> {
    if (this.#moving?.siding === siding || this.#ended) return;
    const { routingKey } = siding;
    try {
      await siding.pause();
      const messages = await this.#messagesIn(siding);
      if (messages > 0) return await this.#takeOver(siding, messages);
    } catch {
      return this.#options.ports.lost();
    }
    if (this.#ended) return;
    this.#options.log.info('key returned to its lane', { key: routingKey, lane: this.#options.index });
    for (const message of siding.clear()) this.#options.dispatcher.add(message);
  }
}
