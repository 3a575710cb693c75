import { type Clock, SYSTEM_CLOCK, type Random } from '@pdaltagent/clock';
import { type ChannelModel, type Options } from 'amqplib';
import { type Connect } from './connect';
import { replyTo } from './reply-timeout';
import { type Log } from './log';
import { type OutgoingMessage, toProperties } from './message';
import { type ChannelClosure, PublishChannel, type SendStatus, type Settlement } from './publish-channel';
import { redeclaration } from './redeclaration';
import { BrokerConnection } from './broker-connection';
import { SharedHeaders } from './shared-headers';
import { declareTopology, type LaneGroup, laneKey, laneOfMessage, type QueueType } from './topology';

/** One to publish, its successor if it is replaced, one to declare. */
const CHANNELS = 3;
/** A channel that is refused messages is replaced at most this often; milliseconds. */
const REPLACE_EVERY_MS = 5_000;
/** After this long without a replacement, the next one is logged again; milliseconds. */
const LOG_AGAIN_MS = 60_000;

export interface PublishConnectionOptions {
  readonly url: string;
  readonly name: string;
  readonly laneGroup: LaneGroup;
  readonly queueType: QueueType;
  readonly log: Log;
  readonly connect?: Connect | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** A new connection is ready for publishing. */
  readonly onOpened?: () => void;
  /**
   * The connection was lost: what was sent over it and is not settled yet never will be.
   * @param closure why, if the broker closed the channel alone
   */
  readonly onLost: (closure: ChannelClosure | undefined) => void;
  /** The broker blocks publishing: it is short of memory or disk space. What was sent is settled later. */
  readonly onBlocked: () => void;
  readonly onUnblocked?: () => void;
}

/**
 * A publishing connection that reconnects automatically. Every message is settled, unless its connection is lost
 * first.
 */
export class PublishConnection {
  readonly #options: PublishConnectionOptions;
  readonly #connection: BrokerConnection;
  readonly #headers = new SharedHeaders();
  #channel: PublishChannel | undefined;
  /** Its predecessor, as long as messages that were sent over it are not settled. */
  #replaced: PublishChannel | undefined;
  #isBlocked = false;
  #replacedAt = -Infinity;
  #redeclare: () => void = () => undefined;

  constructor(options: PublishConnectionOptions) {
    this.#options = options;
    this.#connection = new BrokerConnection({
      url: options.url,
      name: options.name,
      channels: CHANNELS,
      log: options.log,
      connect: options.connect,
      clock: options.clock,
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
        options.onUnblocked?.();
      },
    });
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#connection.start();
  }

  state(): 'connected' | 'blocked' | 'unreachable' {
    if (this.#channel === undefined) return 'unreachable';
    return this.#isBlocked ? 'blocked' : 'connected';
  }

  /** Sends a message to its lane. `settle` is called later if the result is 'sent', and never otherwise. */
  publish(message: OutgoingMessage, settle: (settlement: Settlement) => void): SendStatus {
    const { laneGroup } = this.#options;
    const lane = laneKey(laneOfMessage(laneGroup, message));
    const properties = toProperties(message);
    this.#headers.write(properties.headers);
    properties.headers = this.#headers.values;
    return this.send({ exchange: laneGroup.exchange, routingKey: lane }, message.body, properties, settle);
  }

  /** Sends to any exchange and routing key. `settle` is called later if the result is 'sent', and never otherwise. */
  send(
    to: { readonly exchange: string; readonly routingKey: string },
    body: Buffer,
    properties: Options.Publish,
    settle: (settlement: Settlement) => void,
  ): SendStatus {
    if (this.#channel === undefined) return 'ended';
    const options = properties.mandatory === undefined ? { mandatory: true, ...properties } : properties;
    const channel = this.#channel;
    return channel.send(to, body, options, (settlement) => {
      settle(settlement);
      if (channel === this.#replaced) this.#closeReplaced();
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #open(connection: ChannelModel): Promise<void> {
    const { laneGroup, queueType, log, clock = SYSTEM_CLOCK, onOpened } = this.#options;
    await declareTopology(connection, laneGroup, queueType, { clock, log });
    const channel = await this.#openChannel(connection);
    this.#redeclare = redeclaration(connection, this.#options);
    this.#channel = channel;
    onOpened?.();
  }

  async #openChannel(connection: ChannelModel): Promise<PublishChannel> {
    const { log, clock = SYSTEM_CLOCK } = this.#options;
    const confirmChannel = await replyTo(connection.createConfirmChannel(), {
      request: 'channel.open',
      clock,
      isBlocked: () => this.#isBlocked,
    });
    confirmChannel.on('error', (error) => log.error('publishing channel failed', { error: error.message }));
    const channel = new PublishChannel(confirmChannel, {
      onReturned: () => this.#redeclare(),
      onEnded: (closure) => {
        if (channel === this.#channel || channel === this.#replaced) this.#lose(closure);
      },
      onUnusable: () => this.#replace(connection, channel, clock.monotonic()),
    });
    return channel;
  }

  /** Opens another channel. What the current one has sent is settled on it, and it is closed afterwards. */
  #replace(connection: ChannelModel, channel: PublishChannel, now: number): void {
    if (channel !== this.#channel || this.#replaced !== undefined || now < this.#replacedAt + REPLACE_EVERY_MS) return;
    if (now >= this.#replacedAt + LOG_AGAIN_MS)
      this.#options.log.warn('the broker refuses messages for a queue: replacing the channel');
    this.#replacedAt = now;
    this.#openChannel(connection).then(
      (successor) => {
        if (channel !== this.#channel) return;
        this.#channel = successor;
        this.#replaced = channel;
        this.#closeReplaced();
      },
      (error: unknown) => {
        if (channel === this.#channel) this.#connection.abandon(error instanceof Error ? error.message : String(error));
      },
    );
  }

  #closeReplaced(): void {
    const replaced = this.#replaced;
    if (replaced === undefined || replaced.unsettled > 0) return;
    this.#replaced = undefined;
    replaced.close();
  }

  #lose(closure?: ChannelClosure): void {
    if (this.#channel === undefined) return;
    this.#channel = undefined;
    this.#replaced = undefined;
    this.#isBlocked = false;
    this.#options.onLost(closure);
    this.#connection.reconnect();
  }
}
