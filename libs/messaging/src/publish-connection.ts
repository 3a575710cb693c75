import { type Clock, every, type Random, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { ACCESS_REFUSED } from './access-refused';
import { BrokerConnection } from './broker-connection';
import { type Connect, NOT_FOUND } from './connect';
import { declareTopology, type TopologyMode } from './declare-topology';
import { type Log } from './log';
import { type ChannelClosure, maximumSizeIn, PublishChannel, type PublishChannelPorts } from './publish-channel';
import { QueuePublisher } from './queue-publisher';
import { redeclaration } from './redeclaration';
import { NoReply, replyTo } from './reply-timeout';
import { type LaneGroup, type QueueType } from './topology';

/** One to publish, and one to declare. */
const MIN_CHANNELS = 2;
const CHECK_EVERY_MS = 250;
/** The limit may be raised without a restart of the broker; it then applies to new channels. */
const FORGET_MAXIMUM_MS = 60_000;

export interface PublishConnectionOptions {
  readonly url: string;
  readonly name: string;
  readonly laneGroup: LaneGroup;
  readonly queueType: QueueType;
  readonly topologyMode?: TopologyMode | undefined;
  /** Number of channels without which it cannot be used. */
  readonly channels?: number;
  readonly log: Log;
  readonly connect?: Connect | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** A new connection is open. If it rejects, the connection is closed and retried. */
  readonly onOpened?: () => Promise<void>;
  /** The connection was lost: what was sent over it and is not settled yet never will be. */
  readonly onLost?: () => void;
  /** The broker blocks publishing: it is short of memory or disk space. What was sent is settled later. */
  readonly onBlocked?: () => void;
  readonly onUnblocked?: () => void;
}

/** A connection for publishing, which declares the topology and reconnects automatically. Each queue has a channel of its own. */
export class PublishConnection {
  readonly #options: PublishConnectionOptions;
  readonly #clock: Clock;
  readonly #connection: BrokerConnection;
  readonly #publishers = new Set<QueuePublisher>();
  #model: ChannelModel | undefined;
  #isBlocked = false;
  /** The largest body that the broker accepts, once it has refused one; bytes. */
  #maximumBytes = Infinity;
  /** For messages that may be lost. */
  #bestEffort: Promise<PublishChannel> | undefined;
  /** On this connection. */
  readonly #loggedRefusals = new Set<string>();
  #redeclare: () => void = () => undefined;
  #cancelForgetting: () => void = () => undefined;
  #stopChecks: () => void = () => undefined;

  constructor(options: PublishConnectionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    const { url, name, channels = MIN_CHANNELS, log, connect, random } = options;
    this.#connection = new BrokerConnection({
      url,
      name,
      channels,
      log,
      connect,
      clock: this.#clock,
      random,
      open: (connection) => this.#open(connection),
      onLost: () => this.#lose(),
      onBlocked: (reason) => {
        this.#isBlocked = true;
        log.warn('the broker accepts no messages', { reason });
        options.onBlocked?.();
      },
      onUnblocked: () => {
        this.#isBlocked = false;
        log.info('the broker accepts messages again');
        options.onUnblocked?.();
      },
    });
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#stopChecks = every(this.#clock, CHECK_EVERY_MS, () =>
      this.#publishers.forEach((publisher) => publisher.check()),
    );
    this.#connection.start();
  }

  state(): 'connected' | 'blocked' | 'unreachable' {
    if (this.#model === undefined) return 'unreachable';
    return this.#isBlocked ? 'blocked' : 'connected';
  }

  /** Whether the broker accepts bodies of this size, as far as is known. */
  accepts(bytes: number): boolean {
    return bytes <= this.#maximumBytes;
  }

  /** A publisher to one queue, until it is stopped. */
  publisherOf(exchange: string, routingKey: string): QueuePublisher {
    const publisher = new QueuePublisher({
      exchange,
      routingKey,
      connection: {
        state: () => this.state(),
        accepts: (bytes) => this.accepts(bytes),
        openChannel: (onEnded) => this.#openLoggedChannel(onEnded),
      },
      clock: this.#clock,
      onStopped: () => this.#publishers.delete(publisher),
    });
    this.#publishers.add(publisher);
    return publisher;
  }

  /** Sends a message that may be lost, such as an announcement. */
  send(exchange: string, routingKey: string, body: Buffer): void {
    if (this.state() !== 'connected') return;
    const forget = (): void => {
      if (this.#bestEffort === channel) this.#bestEffort = undefined;
    };
    const channel = (this.#bestEffort ??= this.#openLoggedChannel(() => forget()));
    channel.then((open) => open.send({ exchange, routingKey }, body, { mandatory: false }, () => undefined), forget);
  }

  /**
   * @param onEnded the channel has ended: what was sent over it and is not settled yet never will be. With the reason, if the
   * broker closed the channel alone
   * @throws Error if the broker is unreachable
   */
  async openChannel(onEnded: PublishChannelPorts['onEnded']): Promise<PublishChannel> {
    const connection = this.#model;
    if (connection === undefined) throw new Error('the broker is unreachable');
    const options = { request: 'channel.open', clock: this.#clock, isBlocked: () => this.#isBlocked };
    const channel = await replyTo(connection.createConfirmChannel(), options).catch((error: unknown) => {
      if (error instanceof NoReply && connection === this.#model) this.#connection.abandon(error.message);
      throw error;
    });
    if (connection !== this.#model) throw new Error('the connection was lost');
    return new PublishChannel(channel, {
      onReturned: () => this.#redeclare(),
      onEnded: (closure) => {
        // The exchange was deleted.
        if (closure?.replyCode === NOT_FOUND) this.#redeclare();
        this.#learnMaximum(maximumSizeIn(closure?.reason));
        onEnded(closure);
      },
    });
  }

  #openLoggedChannel(onEnded: PublishChannelPorts['onEnded']): Promise<PublishChannel> {
    return this.openChannel((closure) => {
      if (closure !== undefined) this.#logFailure(closure);
      onEnded(closure);
    });
  }

  /** A channel that is refused something is opened again and again. */
  #logFailure({ replyCode, reason: error }: ChannelClosure): void {
    if (this.#loggedRefusals.has(error)) return;
    if (replyCode === ACCESS_REFUSED) this.#loggedRefusals.add(error);
    this.#options.log.error('publishing channel failed', { error });
  }

  async close(): Promise<void> {
    this.#stopChecks();
    this.#cancelForgetting();
    await this.#connection.close();
  }

  async #open(connection: ChannelModel): Promise<void> {
    const { laneGroup, queueType, topologyMode: mode, log, onOpened } = this.#options;
    await declareTopology(connection, laneGroup, queueType, { clock: this.#clock, log, mode });
    this.#redeclare = redeclaration(connection, this.#options);
    this.#model = connection;
    await onOpened?.();
  }

  #lose(): void {
    if (this.#model === undefined) return;
    this.#model = undefined;
    this.#bestEffort = undefined;
    this.#isBlocked = false;
    this.#maximumBytes = Infinity;
    this.#loggedRefusals.clear();
    this.#redeclare = () => undefined;
    this.#options.onLost?.();
  }

  #learnMaximum(bytes: number | undefined): void {
    if (bytes === undefined) return;
    this.#maximumBytes = bytes;
    this.#cancelForgetting();
    this.#cancelForgetting = this.#clock.after(FORGET_MAXIMUM_MS, () => (this.#maximumBytes = Infinity));
  }
}
