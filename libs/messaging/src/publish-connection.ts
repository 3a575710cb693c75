import { type Clock, SYSTEM_CLOCK, type Random } from '@pdaltagent/clock';
import { type ChannelModel, type Options } from 'amqplib';
import { type Connect } from './connect';
import { replyTo } from './reply-timeout';
import { type Log } from './log';
import { type OutgoingMessage, toProperties } from './message';
import {
  type ChannelClosure,
  PublishChannel,
  type PublishChannelPorts,
  type SendStatus,
  type Settlement,
} from './publish-channel';
import { redeclaration } from './redeclaration';
import { BrokerConnection } from './broker-connection';
import { SharedHeaders } from './shared-headers';
import { declareTopology, type LaneGroup, laneKey, laneOfMessage, type QueueType } from './topology';

/** One to publish, its successor if it is replaced, one to try what it does not confirm, one to declare. */
const CHANNELS = 4;
/** If another channel was confirmed what this one was not, its own confirms, if any, are on their way; milliseconds. */
const CONFIRMS_FOLLOW_MS = 1_000;
/** A channel that is refused messages is replaced at most this often; milliseconds. */
const REPLACE_EVERY_MS = 5_000;
/** After this long without a replacement, the next one is logged again; milliseconds. */
const LOG_AGAIN_MS = 60_000;

export interface Target {
  readonly exchange: string;
  readonly routingKey: string;
}

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
  /** Exchange and routing key of a message that was not confirmed in time, and none after it. */
  #doubted: string | undefined;
  /** What is sent there next is sent over this channel. */
  #trial: PublishChannel | undefined;
  #isBlocked = false;
  #replacedAt = -Infinity;
  #model: ChannelModel | undefined;
  #isOpeningTrial = false;
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
    const properties = toProperties(message);
    this.#headers.write(properties.headers);
    properties.headers = this.#headers.values;
    return this.send(this.laneOf(message), message.body, properties, settle);
  }

  laneOf(message: OutgoingMessage): Target {
    const { laneGroup } = this.#options;
    return { exchange: laneGroup.exchange, routingKey: laneKey(laneOfMessage(laneGroup, message)) };
  }

  /** Sends to any exchange and routing key. `settle` is called later if the result is 'sent', and never otherwise. */
  send(to: Target, body: Buffer, properties: Options.Publish, settle: (settlement: Settlement) => void): SendStatus {
    if (this.#channel === undefined) return 'ended';
    const options = properties.mandatory === undefined ? { mandatory: true, ...properties } : properties;
    const target = targetOf(to);
    const trial = this.#trial?.unsettled === 0 && this.#doubted === target ? this.#trial : undefined;
    const channel = trial ?? this.#channel;
    return channel.send(to, body, options, (settlement) => {
      settle(settlement);
      if (channel === trial) this.#endTrial(trial, target, settlement);
      else if (this.#doubted === target) this.#doubted = undefined;
      if (channel === this.#replaced) this.#closeReplaced();
    });
  }

  /**
   * A message was not confirmed in time. Either its queue does not answer, or it was lost on the way to the queue's leader, and
   * RabbitMQ confirms nothing further for that queue on this channel (3.10, measured with three nodes). Another channel shows
   * which: it is used for the next message, alone, because a queue that does not answer blocks it for 65 s.
   */
  doubt(to: Target): void {
    const connection = this.#model;
    if (connection === undefined || this.#isBlocked) return;
    this.#doubted = targetOf(to);
    if (this.#trial !== undefined || this.#isOpeningTrial) return;
    this.#isOpeningTrial = true;
    this.#openMainChannel(connection)
      .then(
        (trial) => {
          if (connection === this.#model) this.#trial = trial;
        },
        () => undefined,
      )
      .finally(() => (this.#isOpeningTrial = false));
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #open(connection: ChannelModel): Promise<void> {
    const { laneGroup, queueType, log, clock = SYSTEM_CLOCK, onOpened } = this.#options;
    await declareTopology(connection, laneGroup, queueType, { clock, log });
    const channel = await this.#openMainChannel(connection);
    this.#redeclare = redeclaration(connection, this.#options);
    this.#model = connection;
    this.#channel = channel;
    onOpened?.();
  }

  /** Opens another channel, for a queue that must not delay others. @throws Error if the broker is unreachable */
  async openChannel(ports: Pick<PublishChannelPorts, 'onEnded'>): Promise<PublishChannel> {
    if (this.#model === undefined) throw new Error('the broker is unreachable');
    return this.#openChannel(this.#model, ports);
  }

  async #openMainChannel(connection: ChannelModel): Promise<PublishChannel> {
    const { clock = SYSTEM_CLOCK } = this.#options;
    const channel = await this.#openChannel(connection, {
      onEnded: (closure) => {
        if ([this.#channel, this.#replaced, this.#trial].includes(channel)) this.#lose(closure);
      },
      onUnusable: () => this.#replace(connection, channel, clock.monotonic()),
    });
    return channel;
  }

  async #openChannel(
    connection: ChannelModel,
    ports: Omit<PublishChannelPorts, 'onReturned'>,
  ): Promise<PublishChannel> {
    const { log, clock = SYSTEM_CLOCK } = this.#options;
    const confirmChannel = await replyTo(connection.createConfirmChannel(), {
      request: 'channel.open',
      clock,
      isBlocked: () => this.#isBlocked,
    });
    confirmChannel.on('error', (error) => log.error('publishing channel failed', { error: error.message }));
    return new PublishChannel(confirmChannel, { ...ports, onReturned: () => this.#redeclare() });
  }

  /** Opens another channel. What the current one has sent is settled on it, and it is closed afterwards. */
  #replace(connection: ChannelModel, channel: PublishChannel, now: number): void {
    if (channel !== this.#channel || this.#replaced !== undefined || now < this.#replacedAt + REPLACE_EVERY_MS) return;
    if (now >= this.#replacedAt + LOG_AGAIN_MS)
      this.#options.log.warn('the broker refuses messages for a queue: replacing the channel');
    this.#replacedAt = now;
    this.#openMainChannel(connection).then(
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

  /** If the other channel still has no confirm for the queue, it never gets one: all of it is sent again over a new connection. */
  #endTrial(trial: PublishChannel, target: string, settlement: Settlement): void {
    if (trial !== this.#trial) return;
    this.#trial = undefined;
    trial.close();
    if (settlement !== 'confirmed') return;
    const { clock = SYSTEM_CLOCK } = this.#options;
    const channel = this.#channel;
    clock.after(CONFIRMS_FOLLOW_MS, () => {
      if (this.#doubted !== target || channel === undefined || channel !== this.#channel) return;
      this.#connection.abandon('it confirms messages for a queue only on another channel');
    });
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
    this.#trial = undefined;
    this.#doubted = undefined;
    this.#model = undefined;
    this.#isBlocked = false;
    this.#options.onLost(closure);
    this.#connection.reconnect();
  }
}

function targetOf({ exchange, routingKey }: Target): string {
  return `${exchange} ${routingKey}`;
}
