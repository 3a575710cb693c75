import { type Burial, type Change, Dispatcher, type History, type Outcome, SYSTEM_CLOCK } from '@pdaltagent/delivery';
import { type Channel, type ChannelModel, type ConsumeMessage, type Options } from 'amqplib';
import { setTimeout as delay } from 'node:timers/promises';
import { type DeadReason, deadLetterProperties, foreignLetterProperties } from './dead-letter';
import { type DeliveredMarkers, Intake } from './intake';
import { type HeldMessage, Lane } from './lane';
import { LaneShare } from './lane-share';
import { type Log } from './log';
import { type IncomingMessage } from './message';
import { Publisher } from './publisher';
import { HEARTBEAT_SECONDS, Session } from './session';
import {
  DEAD_LETTER_EXCHANGE,
  declareTopology,
  type Family,
  laneQueue,
  type QueueType,
  STATUS_EXCHANGE,
} from './topology';

/** What a worker tells of its work; for metrics. */
export interface LaneObserver {
  attempted(message: IncomingMessage, outcome: Outcome): void;
  delivered(message: IncomingMessage): void;
  /** Not sent, for it was delivered before. */
  repeated(message: IncomingMessage): void;
  buried(reason: DeadReason): void;
}

export interface LaneWorkerOptions {
  readonly url: string;
  readonly name: string;
  readonly family: Family;
  readonly queueType: QueueType;
  /** Attempts at one time. */
  readonly concurrency: number;
  readonly maximumAgeMs: number;
  readonly poisonAfterMs: number;
  /** Which messages fail together; the default is one destination for all. */
  readonly destinationOf?: (message: IncomingMessage) => string;
  /** One attempt. It rejects only where the signal ended it. */
  readonly deliver: (message: IncomingMessage, signal: AbortSignal) => Promise<Outcome>;
  readonly markers: DeliveredMarkers;
  readonly observer: LaneObserver;
  readonly log: Log;
  /** A lane that held a message for so long is subscribed anew, before the broker's consumer timeout; milliseconds. */
  readonly renewAfterMs?: number;
}

const RENEW_AFTER_MS = 10 * 60_000;
const LISTEN_EVERY_MS = 1_000;
/** The broker counts as heard for two heartbeats after a question that it answered. */
const HEARD_FOR_MS = 2 * HEARTBEAT_SECONDS * 1_000;
const BURY_AGAIN_MS = 1_000;
/** After a lane was lost: not at once, for it may be lost again. */
const TAKE_AGAIN_MS = 250;

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
  readonly #session: Session;
  readonly #lanes = new Map<number, Lane>();
  readonly #listening: NodeJS.Timeout;
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
        changed: (change) => this.#say(change),
      },
    );
    this.#intake = new Intake(options.markers, {
      admit: (message) => this.#dispatcher.add(message),
      repeat: (message) => {
        observer.repeated(message);
        message.lane.ack(message);
      },
    });
    this.#publisher = new Publisher({ url, name: `${name} publishing`, family, queueType, log });
    this.#share = new LaneShare({
      family,
      announce: (body) =>
        void this.#publisher.send(STATUS_EXCHANGE, '', body, { mandatory: false }).catch(() => undefined),
      take: (lane) => void this.#take(lane),
      letGo: (lane) => void this.#letGo(lane),
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
    await Promise.all([...this.#lanes.keys()].map((lane) => this.#letGo(lane)));
    clearInterval(this.#listening);
    await this.#publisher.close();
    await this.#session.close();
  }

  get connected(): boolean {
    return this.#session.connected;
  }

  get lanes(): number {
    return this.#lanes.size;
  }

  get dispatcher(): Pick<
    Dispatcher<HeldMessage>,
    'held' | 'inFlight' | 'throttledKeys' | 'openCircuits' | 'oldestReceivedAt'
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
    for (const lane of [...this.#lanes.values()]) lane.lose();
  }

  /** Asks the broker for a sign of life, and renews lanes that hold a message for long. */
  async #listen(): Promise<void> {
    const control = this.#control;
    if (control === undefined) return;
    const askedAt = Date.now();
    if (!this.#isHeard()) return this.#session.reconnect();
    const renewBefore = askedAt - (this.#options.renewAfterMs ?? RENEW_AFTER_MS);
    for (const lane of this.#lanes.values()) {
      const [oldest] = lane.held;
      if (oldest !== undefined && oldest.heldSince < renewBefore && !lane.leaving) void this.#letGo(lane.index);
    }
    await control.checkExchange(STATUS_EXCHANGE).then(
      () => (this.#heardAt = Math.max(this.#heardAt, askedAt)),
      () => undefined,
    );
  }

  #isHeard(): boolean {
    return Date.now() - this.#heardAt < HEARD_FOR_MS;
  }

  async #take(index: number): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined || this.#stopping || this.#lanes.has(index)) return;
    const lane = new Lane(index, laneQueue(this.#options.family, index), {
      arrived: (message) => this.#intake.arrived(message),
      foreign: (from, delivery, problem) => void this.#buryForeign(from, delivery, problem),
      lost: (lost) => this.#laneLost(lost),
    });
    this.#lanes.set(index, lane);
    await lane.open(connection).catch(() => lane.lose());
  }

  async #letGo(index: number): Promise<void> {
    const lane = this.#lanes.get(index);
    if (lane === undefined || lane.leaving) return;
    lane.leave();
    const idle = [...lane.held].filter((message) => !this.#dispatcher.isBusy(message));
    for (const message of idle) lane.handBack(message);
    this.#dispatcher.forget(idle);
    await lane.drained();
    await lane.close();
    if (this.#lanes.get(index) === lane) this.#lanes.delete(index);
    this.#share.settled();
  }

  #laneLost(lane: Lane): void {
    if (this.#lanes.get(lane.index) === lane) this.#lanes.delete(lane.index);
    this.#dispatcher.forget(lane.held);
    setTimeout(() => this.#share.settled(), TAKE_AGAIN_MS).unref();
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
    if (lane.leaving && (outcome.kind === 'failed' || outcome.kind === 'throttled')) {
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
    const { log, observer } = this.#options;
    const buried = await this.#publishDeadLetter(
      message.lane,
      message.body,
      deadLetterProperties(message, burial, history),
    );
    if (!buried) return;
    log.warn('dead letter', { id: message.id, type: message.type, reason: burial.reason, status: burial.status });
    observer.buried(burial.reason);
    message.lane.ack(message);
    this.#dispatcher.done(message);
  }

  async #buryForeign(lane: Lane, delivery: ConsumeMessage, problem: string): Promise<void> {
    if (!(await this.#publishDeadLetter(lane, delivery.content, foreignLetterProperties(delivery, problem)))) return;
    this.#options.log.warn('a message that is none of ours: dead letter', { queue: lane.queue, problem });
    this.#options.observer.buried('foreign');
    lane.ackDelivery(delivery);
  }

  /** True once the broker has it; false where the lane was lost before. */
  async #publishDeadLetter(lane: Lane, body: Buffer, properties: Options.Publish): Promise<boolean> {
    while (!lane.signal.aborted) {
      try {
        await this.#publisher.send(DEAD_LETTER_EXCHANGE, this.#options.family.deadLetters, body, properties);
        return true;
      } catch {
        // The publisher says once that the broker is away; the message stays unacknowledged.
        await delay(BURY_AGAIN_MS);
      }
    }
    return false;
  }

  #say(change: Change): void {
    const { log } = this.#options;
    switch (change.kind) {
      case 'circuit-opened':
        return log.error('destination away: one probe a second until it is back', { ...change });
      case 'circuit-closed':
        return log.info('destination back', { destination: change.destination });
      case 'key-throttled':
        return log.warn('key throttled: it waits, the others go on', { key: change.routingKey });
      case 'key-recovered':
        return log.info('key no longer throttled', { key: change.routingKey });
    }
  }
}
