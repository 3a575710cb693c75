import { type Dispatcher } from '@pdaltagent/delivery';
import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { type Intake } from './intake';
import { type HeldMessage, Lane, PREFETCH } from './lane';
import { type Log } from './log';
import { type Publisher } from './publisher';
import { Siding } from './siding';
import { type Family, laneQueue } from './topology';

export interface LaneOwnerPorts {
  foreign(lane: Lane, delivery: ConsumeMessage, problem: string): void;
  /** The lane is no longer ours: lost, or given back because something about it is not known for sure. */
  gone(owner: LaneOwner): void;
}

export interface LaneOwnerOptions {
  readonly family: Family;
  readonly index: number;
  readonly dispatcher: Dispatcher<HeldMessage>;
  readonly intake: Intake;
  readonly publisher: Publisher;
  readonly log: Log;
  readonly ports: LaneOwnerPorts;
}

const ASK_AGAIN_MS = 100;

/** Works one lane and its sidings, from subscribing to letting go. */
export class LaneOwner {
  readonly index: number;
  readonly #options: LaneOwnerOptions;
  readonly #lane: Lane;
  readonly #sidings: readonly Siding[];
  /** What came off the lane before its sidings were known. */
  readonly #early: HeldMessage[] = [];
  /** The key that is being moved aside, and where to. */
  #departing: { readonly routingKey: string; readonly siding: Siding; isOpen: boolean } | undefined;
  #gate: 'closed' | 'opening' | 'open' = 'closed';
  #connection: ChannelModel | undefined;
  #control: Channel | undefined;
  #state: 'working' | 'leaving' | 'gone' = 'working';

  constructor(options: LaneOwnerOptions) {
    this.#options = options;
    this.index = options.index;
    const { family, index, publisher, ports } = options;
    this.#lane = new Lane(laneQueue(family, index), {
      arrived: (message) => this.#arrived(message),
      foreign: (lane, delivery, problem) => ports.foreign(lane, delivery, problem),
      lost: () => this.lose(),
    });
    this.#sidings = Array.from(
      { length: family.sidings },
      (_, siding) =>
        new Siding({ family, lane: index, index: siding }, publisher, {
          arrived: (message) => options.intake.arrived(message),
          foreign: (consumer, delivery, problem) => ports.foreign(consumer, delivery, problem),
          emptied: (emptied) => void this.#goDirect(emptied),
          broken: () => void this.letGo(),
        }),
    );
  }

  /** Keys that stand aside. */
  get aside(): number {
    return this.#sidings.filter(({ routingKey }) => routingKey !== undefined).length;
  }

  /** When the oldest message still held came; milliseconds since 1970. */
  get heldSince(): number | undefined {
    const oldest = this.#consumers().flatMap(({ held }) => [...held].slice(0, 1).map(({ heldSince }) => heldSince));
    return oldest.length === 0 ? undefined : Math.min(...oldest);
  }

  async open(connection: ChannelModel, control: Channel): Promise<void> {
    this.#connection = connection;
    this.#control = control;
    await this.#lane.open(connection).catch(() => this.lose());
  }

  /** A message whose repeat was ruled out: to its siding, where its key stands aside, else to dispatch. */
  admit(message: HeldMessage): void {
    const siding = message.lane === this.#lane ? this.#sidingOf(message.routingKey) : undefined;
    if (siding === undefined) this.#options.dispatcher.add(message);
    else if (this.#departing?.siding !== siding) siding.move([message]);
    else this.#options.dispatcher.add(message);
  }

  /** Looks whether a key holds its neighbours up. */
  look(): void {
    if (this.#state !== 'working' || this.#gate !== 'open') return;
    if (this.#departing !== undefined) this.#depart();
    else if (this.#lane.held.size >= PREFETCH) this.#chooseKey();
  }

  /** While the lane itself is silent: looks whether something waits in a siding that nobody consumes. */
  async lookForStranded(): Promise<void> {
    if (this.#state !== 'working' || this.#gate !== 'closed' || !(await this.#isStranded())) return;
    if (this.#gateIs('closed')) await this.#learnSidings();
    // Another worker may own the lane still: with its first message the sidings are looked at once more.
    if (this.#gateIs('opening')) this.#gate = 'closed';
    if (this.#early.length > 0) await this.#inspect();
  }

  /** Starts nothing new, lets what is in flight settle, gives everything back in order: the sidings first, the lane last. */
  async letGo(): Promise<void> {
    if (this.#state !== 'working') return;
    this.#state = 'leaving';
    const { dispatcher } = this.#options;
    this.#lane.leave();
    await Promise.all(this.#sidings.map((siding) => siding.leave()));
    const consumers = this.#consumers();
    const idle = consumers.flatMap(({ held, signal }) =>
      [...held].filter((message) => signal.aborted || !dispatcher.isBusy(message)),
    );
    dispatcher.forget(idle);
    this.#stay();
    for (const message of idle) message.lane.handBack(message);
    await Promise.all(consumers.map((consumer) => consumer.drained()));
    await Promise.all(this.#sidings.map((siding) => siding.close()));
    await this.#lane.close();
    this.#end();
  }

  /** The channel or the connection is gone: what was held is the broker's again. */
  lose(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    for (const consumer of this.#consumers()) this.#options.dispatcher.forget(consumer.held);
    this.#stay();
    for (const siding of this.#sidings) siding.lose();
    this.#lane.lose();
    this.#options.ports.gone(this);
  }

  /** Ends the hold on a departing key; after its messages were forgotten, so that none of them starts. */
  #stay(): void {
    if (this.#departing !== undefined) this.#options.dispatcher.release(this.#departing.routingKey);
  }

  #end(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#options.ports.gone(this);
  }

  #consumers(): Lane[] {
    return [...this.#sidings.flatMap(({ consumer }) => consumer ?? []), this.#lane];
  }

  #sidingOf(routingKey: string): Siding | undefined {
    return this.#sidings.find((siding) => siding.routingKey === routingKey);
  }

  #arrived(message: HeldMessage): void {
    if (this.#gate === 'open') return this.#options.intake.arrived(message);
    this.#early.push(message);
    // The broker gives us the lane: the owner before us has left, and its sidings can be counted.
    if (this.#gate === 'closed') void this.#inspect();
  }

  #gateIs(state: 'closed' | 'opening' | 'open'): boolean {
    return this.#gate === state;
  }

  /** Only once the sidings are known may the lane's own messages pass. */
  async #inspect(): Promise<void> {
    await this.#learnSidings();
    if (this.#state !== 'working') return;
    this.#gate = 'open';
    for (const message of this.#early.splice(0)) this.#options.intake.arrived(message);
  }

  async #learnSidings(): Promise<void> {
    this.#gate = 'opening';
    try {
      for (const siding of this.#sidings) await this.#takeOver(siding);
    } catch {
      // A channel is gone, and the lane with it, or soon.
      this.lose();
    }
  }

  async #takeOver(siding: Siding): Promise<void> {
    const connection = this.#connection;
    const control = this.#control;
    if (connection === undefined || control === undefined) return;
    while (this.#state === 'working' && siding.isFree) {
      const { messageCount, consumerCount } = await control.checkQueue(siding.queue);
      if (consumerCount > 0) {
        // The former owner's channel is still being taken down: its unacknowledged messages are not yet counted.
        await delay(ASK_AGAIN_MS);
        continue;
      }
      if (messageCount > 0) await siding.takeOver(connection, messageCount);
      return;
    }
  }

  async #isStranded(): Promise<boolean> {
    for (const { queue } of this.#sidings) {
      const state = await this.#control?.checkQueue(queue).catch(() => undefined);
      if (state === undefined) return false;
      if (state.messageCount > 0 && state.consumerCount === 0) return true;
    }
    return false;
  }

  /** The lane's window is full: the key that holds most of it, and is held up itself, has to go aside. */
  #chooseKey(): void {
    const counts = new Map<string, number>();
    for (const { routingKey } of this.#lane.held) counts.set(routingKey, (counts.get(routingKey) ?? 0) + 1);
    const heldUp = [...counts]
      .filter(([key]) => this.#sidingOf(key) === undefined && this.#options.dispatcher.isHeldUp(key))
      .sort(([, a], [, b]) => b - a)[0];
    if (heldUp === undefined) return;
    const siding = this.#sidings.find(({ isFree }) => isFree);
    const connection = this.#connection;
    if (siding === undefined || connection === undefined) return;
    const [routingKey] = heldUp;
    const departing = { routingKey, siding, isOpen: false };
    this.#departing = departing;
    this.#options.dispatcher.hold(routingKey);
    this.#options.log.warn('key set aside: it holds up its neighbours', {
      key: routingKey,
      lane: this.index,
      siding: siding.index,
    });
    siding.open(connection, routingKey).then(
      () => (departing.isOpen = true),
      () => this.lose(),
    );
  }

  /** As soon as nothing of the key is in flight, what is held of it moves, in its order. */
  #depart(): void {
    const { dispatcher } = this.#options;
    const departing = this.#departing;
    if (departing === undefined || !departing.isOpen || dispatcher.isKeyBusy(departing.routingKey)) return;
    const { routingKey, siding } = departing;
    const held = [...this.#lane.held].filter((message) => message.routingKey === routingKey && dispatcher.has(message));
    this.#departing = undefined;
    dispatcher.forget(held);
    dispatcher.release(routingKey);
    siding.move(held);
  }

  /** Called in the moment in which the siding became empty: whatever comes next of its key goes the direct way. */
  async #goDirect(siding: Siding): Promise<void> {
    if (this.#departing?.siding === siding || this.#state !== 'working') return;
    this.#options.log.info('key goes the direct way again', { key: siding.routingKey, lane: this.index });
    await siding.close();
  }
}
