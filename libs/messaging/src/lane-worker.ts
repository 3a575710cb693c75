import { type Burial, Dispatcher, type History, type Outcome, SYSTEM_CLOCK } from '@pdaltagent/delivery';
import { type Channel, type ChannelModel } from 'amqplib';
import { sayChange } from './change-log';
import { DeadLetterOffice } from './dead-letter-office';
import { Intake } from './intake';
import { type HeldMessage } from './lane';
import { LaneOwner } from './lane-owner';
import { LaneShare } from './lane-share';
import { type LaneWorkerOptions } from './lane-worker-options';
import { Publisher } from './publisher';
import { HEARTBEAT_SECONDS, Session } from './session';
import { declareTopology, laneOfMessage, STATUS_EXCHANGE } from './topology';

const RENEW_AFTER_MS = 10 * 60_000;
const LISTEN_EVERY_MS = 1_000;
/** How often lanes are looked at for keys that hold up their neighbours. */
const LOOK_EVERY_MS = 250;
/** How often silent lanes are searched for messages that stand in a siding. */
const SEARCH_EVERY_MS = 5_000;
/** The broker counts as heard for two heartbeats after a question that it answered. */
const HEARD_FOR_MS = 2 * HEARTBEAT_SECONDS * 1_000;
/** After a lane was lost: not at once, for it may be lost again. */
const TAKE_AGAIN_MS = 250;

/** Outcomes after which a message is still to be delivered. */
const STAYS: ReadonlySet<Outcome['kind']> = new Set(['failed', 'throttled', 'gone']);

/**
 * Works the lanes of one exchange: takes messages off them, has them delivered in the order of their alerts, and
 * acknowledges what was taken or buried. Shares the lanes with its peers.
 */
export class LaneWorker {
  readonly #options: LaneWorkerOptions;
  readonly #dispatcher: Dispatcher<HeldMessage>;
  readonly #intake: Intake;
  readonly #share: LaneShare;
  readonly #publisher: Publisher;
  readonly #deadLetters: DeadLetterOffice;
  readonly #session: Session;
  readonly #lanes = new Map<number, LaneOwner>();
  readonly #listening: NodeJS.Timeout;
  readonly #looking: NodeJS.Timeout;
  readonly #searching: NodeJS.Timeout;
  #connection: ChannelModel | undefined;
  #control: Channel | undefined;
  #heardAt = 0;
  #stopping = false;

  constructor(options: LaneWorkerOptions) {
    this.#options = options;
    const { url, name, family, queueType, log, observer } = options;
    this.#dispatcher = new Dispatcher<HeldMessage>(
      {
        concurrency: options.concurrency,
        maximumAgeMs: options.maximumAgeMs,
        poisonAfterMs: options.poisonAfterMs,
        destinationOf: options.destinationOf ?? (() => 'PagerDuty'),
        clock: SYSTEM_CLOCK,
        random: Math.random,
      },
      {
        attempt: (message) => this.#attempt(message),
        acknowledge: (message) => void this.#acknowledge(message),
        bury: (message, burial, history) => void this.#bury(message, burial, history),
        changed: (change) => {
          sayChange(log, change);
          if (change.kind === 'key-paused' && change.outcome !== undefined) options.gone?.(change.routingKey);
        },
      },
    );
    this.#intake = new Intake(options.markers, {
      admit: (message) => this.#ownerOf(message)?.admit(message),
      repeat: (message) => {
        observer.repeated(message);
        message.lane.ack(message);
      },
    });
    this.#publisher = new Publisher({ url, name: `${name} publishing`, family, queueType, log });
    this.#deadLetters = new DeadLetterOffice(family, this.#publisher, log, (reason) => observer.buried(reason));
    this.#share = new LaneShare({
      family,
      announce: (body) =>
        void this.#publisher.send(STATUS_EXCHANGE, '', body, { mandatory: false }).catch(() => undefined),
      take: (lane) => void this.#take(lane),
      letGo: (lane) => void this.#lanes.get(lane)?.letGo(),
      owned: () => this.#lanes.keys(),
    });
    this.#session = new Session({
      url,
      name: `${name} consuming`,
      log,
      open: (connection) => this.#opened(connection),
      lost: () => this.#lost(),
    });
    this.#listening = setInterval(() => void this.#listen(), LISTEN_EVERY_MS);
    this.#looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#searching = setInterval(() => void this.#lookForStranded(), SEARCH_EVERY_MS);
  }

  /** Begins to work as soon as the broker is there; does not wait for it. */
  start(): void {
    this.#publisher.start();
    this.#session.start();
  }

  /** Starts nothing new, lets what is in flight settle, gives every lane back in order. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#share.leave();
    clearInterval(this.#looking);
    clearInterval(this.#searching);
    await Promise.all([...this.#lanes.values()].map((owner) => owner.letGo()));
    clearInterval(this.#listening);
    await this.#publisher.close();
    await this.#session.close();
  }

  /**
   * Starts nothing of the routing key until `resume`: its messages are held in order, aside where others wait; what grows
   * too old becomes a dead letter all the same. May be called before `start`, and again. An answer that means "gone"
   * does it by itself.
   */
  pause(routingKey: string): void {
    this.#dispatcher.pause(routingKey);
  }

  /** The key goes on where it stopped; without effect where it is not paused. */
  resume(routingKey: string): void {
    this.#dispatcher.resume(routingKey);
  }

  get connected(): boolean {
    return this.#session.connected;
  }

  get lanes(): number {
    return this.#lanes.size;
  }

  /** Routing keys that stand on a siding. */
  get keysAside(): number {
    return [...this.#lanes.values()].reduce((sum, owner) => sum + owner.aside, 0);
  }

  get dispatcher(): Pick<
    Dispatcher<HeldMessage>,
    'held' | 'inFlight' | 'throttledKeys' | 'pausedKeys' | 'keysWithBrokenWay' | 'openCircuits' | 'oldestReceivedAt'
  > {
    return this.#dispatcher;
  }

  async #opened(connection: ChannelModel): Promise<void> {
    const control = await connection.createChannel();
    control.on('error', (error) => this.#options.log.error('the control channel failed', { error: error.message }));
    control.on('close', () => {
      if (control === this.#control) this.#session.reconnect();
    });
    await declareTopology(connection, this.#options.family, this.#options.queueType);
    this.#heardAt = Date.now();
    this.#connection = connection;
    this.#control = control;
    await this.#share.join(control);
  }

  /** The connection is gone: so is everything that was held. What is on the wire is given up. */
  #lost(): void {
    this.#connection = undefined;
    this.#control = undefined;
    for (const owner of [...this.#lanes.values()]) owner.lose();
  }

  /** Asks the broker for a sign of life, and renews lanes that hold a message for long. */
  async #listen(): Promise<void> {
    const control = this.#control;
    if (control === undefined) return;
    const askedAt = Date.now();
    if (!this.#isHeard()) return this.#session.reconnect();
    const renewBefore = askedAt - (this.#options.renewAfterMs ?? RENEW_AFTER_MS);
    for (const owner of this.#lanes.values()) if ((owner.heldSince ?? askedAt) < renewBefore) void owner.letGo();
    await control.checkExchange(STATUS_EXCHANGE).then(
      () => (this.#heardAt = Math.max(this.#heardAt, askedAt)),
      () => undefined,
    );
  }

  #look(): void {
    for (const owner of [...this.#lanes.values()]) owner.look();
  }

  async #lookForStranded(): Promise<void> {
    for (const owner of [...this.#lanes.values()]) await owner.lookForStranded();
  }

  #isHeard(): boolean {
    return Date.now() - this.#heardAt < HEARD_FOR_MS;
  }

  async #take(index: number): Promise<void> {
    const connection = this.#connection;
    const control = this.#control;
    if (connection === undefined || control === undefined || this.#stopping || this.#lanes.has(index)) return;
    const { family, log } = this.#options;
    const owner = new LaneOwner({
      family,
      index,
      dispatcher: this.#dispatcher,
      intake: this.#intake,
      publisher: this.#publisher,
      log,
      ports: {
        foreign: (lane, delivery, problem) => void this.#deadLetters.buryForeign(lane, delivery, problem),
        gone: (gone) => this.#gone(gone),
      },
    });
    this.#lanes.set(index, owner);
    await owner.open(connection, control);
  }

  /** Not taken again at once: it may be lost again, or belong to somebody else by now. */
  #gone(owner: LaneOwner): void {
    if (this.#lanes.get(owner.index) === owner) this.#lanes.delete(owner.index);
    setTimeout(() => this.#share.settled(), TAKE_AGAIN_MS).unref();
  }

  #ownerOf(message: HeldMessage): LaneOwner | undefined {
    return this.#lanes.get(laneOfMessage(this.#options.family, message));
  }

  #attempt(message: HeldMessage): void {
    const { lane } = message;
    if (!this.#isHeard()) {
      // We were paused, or the broker is: another worker may own the lane by now.
      queueMicrotask(() => this.#lost());
      this.#session.reconnect();
      return;
    }
    this.#options.deliver(message, lane.signal).then(
      (outcome) => this.#settled(message, outcome),
      (error: unknown) => {
        if (!lane.signal.aborted) throw error;
      },
    );
  }

  #settled(message: HeldMessage, outcome: Outcome): void {
    this.#options.observer.attempted(message, outcome);
    const { lane } = message;
    if (outcome.kind === 'delivered' && lane.signal.aborted) void this.#intake.delivered(message.id);
    if (lane.leaving && STAYS.has(outcome.kind)) {
      lane.handBack(message);
      this.#dispatcher.forget([message]);
      return;
    }
    this.#dispatcher.settle(message, outcome);
  }

  async #acknowledge(message: HeldMessage): Promise<void> {
    this.#options.observer.delivered(message);
    await this.#intake.delivered(message.id);
    message.lane.ack(message);
    this.#dispatcher.done(message);
  }

  async #bury(message: HeldMessage, burial: Burial, history: History): Promise<void> {
    if (await this.#deadLetters.bury(message, burial, history)) this.#dispatcher.done(message);
  }
}
