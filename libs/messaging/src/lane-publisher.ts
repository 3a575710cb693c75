import { type Clock, type Random, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { replyTo } from './reply-timeout';
import { type Connect } from './connect';
import { type Log } from './log';
import { type OutgoingMessage, toProperties } from './message';
import {
  type ChannelClosure,
  messageRefusalIn,
  PublishChannel,
  type SendStatus,
  type Settlement,
} from './publish-channel';
import { redeclaration } from './redeclaration';
import { BrokerConnection } from './broker-connection';
import { SharedHeaders } from './shared-headers';
import { declareTopology, type LaneGroup, laneKey, type QueueType } from './topology';

const MIN_REOPEN_DELAY_MS = 50;
const MAX_REOPEN_DELAY_MS = 5_000;

const NOT_FOUND = 404;

export interface LanePublisherOptions {
  readonly url: string;
  readonly name: string;
  readonly laneGroup: LaneGroup;
  readonly queueType: QueueType;
  readonly log: Log;
  readonly connect?: Connect | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** A new channel for the lane is open. */
  readonly onOpened: (lane: number, isBlocked: boolean) => void;
  /**
   * The lane's channel was lost: what was sent over it and is not settled yet never will be. A new channel follows.
   * @param refusal the broker's reason, if it closed the channel because of a message that was sent over it
   */
  readonly onLost: (lane: number, refusal: string | undefined) => void;
  /** The broker is short of memory or disk space and does not read the connection. What was sent is settled later. */
  readonly onBlocked: () => void;
  readonly onUnblocked: () => void;
}

interface LaneChannel {
  channel: PublishChannel | undefined;
  /** Consecutive channels that the broker closed, or on which it refused messages, before it confirmed any. */
  failures: number;
}

/**
 * One publishing connection with a channel per lane. RabbitMQ stops reading a channel whose queue does not respond,
 * and then the whole connection if much has been sent over it: lanes that share a channel would all be affected.
 */
export class LanePublisher {
  readonly #options: LanePublisherOptions;
  readonly #clock: Clock;
  readonly #brokerConnection: BrokerConnection;
  readonly #lanes: readonly LaneChannel[];
  readonly #headers = new SharedHeaders();
  #connection: ChannelModel | undefined;
  #isBlocked = false;
  #redeclare: () => void = () => undefined;

  constructor(options: LanePublisherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#lanes = Array.from({ length: options.laneGroup.lanes }, () => ({ channel: undefined, failures: 0 }));
    this.#brokerConnection = new BrokerConnection({
      url: options.url,
      name: options.name,
      // One per lane, and one to declare.
      channels: options.laneGroup.lanes + 1,
      log: options.log,
      connect: options.connect,
      clock: this.#clock,
      random: options.random,
      open: (connection) => this.#open(connection),
      onLost: () => this.#lose(),
      onBlocked: (reason) => {
        this.#isBlocked = true;
        options.log.warn('the broker accepts no messages', { reason });
        options.onBlocked();
      },
      onUnblocked: () => {
        this.#isBlocked = false;
        options.log.info('the broker accepts messages again');
        options.onUnblocked();
      },
    });
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#brokerConnection.start();
  }

  state(): 'connected' | 'blocked' | 'unreachable' {
    if (this.#connection === undefined) return 'unreachable';
    return this.#isBlocked ? 'blocked' : 'connected';
  }

  /** Sends a message to its lane. `settle` is called later if the result is 'sent', and never otherwise. */
  publish(lane: number, message: OutgoingMessage, settle: (settlement: Settlement) => void): SendStatus {
    const state = this.#lanes[lane];
    const channel = state?.channel;
    if (state === undefined || channel === undefined) return 'ended';
    const properties = toProperties(message);
    this.#headers.write(properties.headers);
    properties.headers = this.#headers.values;
    const to = { exchange: this.#options.laneGroup.exchange, routingKey: laneKey(lane) };
    return channel.send(to, message.body, properties, (settlement) => {
      if (state.channel !== channel) return;
      if (settlement !== 'refused') state.failures = 0;
      settle(settlement);
    });
  }

  /** Replaces the lane's channel: what was sent over the current one is never settled. */
  reopen(lane: number): void {
    const state = this.#lanes[lane];
    if (state?.channel === undefined) return;
    const { channel } = state;
    state.channel = undefined;
    this.#options.log.warn('no confirms for a lane: reopening its channel', { lane });
    channel.close();
    this.#openLater(lane);
  }

  async close(): Promise<void> {
    await this.#brokerConnection.close();
  }

  async #open(connection: ChannelModel): Promise<void> {
    const { laneGroup, queueType, log } = this.#options;
    await declareTopology(connection, laneGroup, queueType, { clock: this.#clock, log });
    this.#redeclare = redeclaration(connection, this.#options);
    this.#connection = connection;
    for (const state of this.#lanes) state.failures = 0;
    await Promise.all(this.#lanes.map((_, lane) => this.#openLane(connection, lane)));
  }

  async #openLane(connection: ChannelModel, lane: number): Promise<void> {
    const confirmChannel = await replyTo(connection.createConfirmChannel(), {
      request: 'channel.open',
      clock: this.#clock,
      isBlocked: () => this.#isBlocked,
    });
    const state = this.#lanes[lane];
    if (state === undefined || connection !== this.#connection) return;
    const channel = new PublishChannel(confirmChannel, {
      onReturned: () => this.#redeclare(),
      onEnded: (closure) => {
        if (state.channel !== channel) return;
        state.channel = undefined;
        // Otherwise the connection is closing, and `#lose` follows.
        if (closure !== undefined) this.#closedByBroker(lane, closure);
      },
      onUnusable: () => {
        if (state.channel !== channel) return;
        state.channel = undefined;
        channel.close();
        this.#onFailed(lane, 'the broker refuses messages of a lane: reopening its channel', {});
      },
    });
    state.channel = channel;
    this.#options.onOpened(lane, this.#isBlocked);
  }

  #closedByBroker(lane: number, closure: ChannelClosure): void {
    const { replyCode, reason } = closure;
    // Not found: the exchange was deleted.
    if (replyCode === NOT_FOUND) this.#redeclare();
    this.#onFailed(lane, 'the broker closed the channel of a lane', { reason }, messageRefusalIn(closure));
  }

  /** The lane has no channel any more. Of consecutive failures only the first is logged. */
  #onFailed(lane: number, problem: string, fields: { readonly reason?: string }, refusal?: string): void {
    const state = this.#lanes[lane];
    if (state === undefined) return;
    if (state.failures === 0) this.#options.log.warn(problem, { lane, ...fields });
    state.failures += 1;
    this.#options.onLost(lane, refusal);
    this.#openLater(lane);
  }

  #openLater(lane: number): void {
    const connection = this.#connection;
    const failures = this.#lanes[lane]?.failures ?? 0;
    const wait = failures <= 1 ? 0 : Math.min(MAX_REOPEN_DELAY_MS, MIN_REOPEN_DELAY_MS * 2 ** failures);
    this.#clock.after(wait, () => {
      if (connection === undefined || connection !== this.#connection) return;
      this.#openLane(connection, lane).catch((error: unknown) => {
        if (connection === this.#connection) this.#brokerConnection.abandon(reasonOf(error));
      });
    });
  }

  #lose(): void {
    if (this.#connection === undefined) return;
    this.#connection = undefined;
    this.#isBlocked = false;
    this.#redeclare = () => undefined;
    this.#lanes.forEach((state, lane) => {
      state.channel = undefined;
      this.#options.onLost(lane, undefined);
    });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
