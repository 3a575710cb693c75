import { type Clock, type Random } from '@pdaltagent/clock';
import {
  accessRefusalIn,
  BrokerConnection,
  type ChannelClosure,
  type Connect,
  hasReplyCode,
  JOURNAL,
  type Log,
  messageRefusalIn,
  PublishChannel,
  replyTo,
  type Settlement,
  type TopologyMode,
} from '@pdaltagent/messaging';
import { type ChannelModel } from 'amqplib';
import { propertiesOf } from './batch-message';
import { declareStream, type JournalLimits, StreamMissing } from './declare-stream';
import { type FactSource } from './fact';
import { type FactBuffer, type WaitingBatch } from './fact-buffer';

/** One to publish, and one to declare. */
const CHANNELS = 2;
const MAX_UNCONFIRMED = 16;
const CONFIRM_TIMEOUT_MS = 60_000;
const FIRST_RETRY_MS = 1_000;
/** How often it is asked for what it has refused. */
const MAX_RETRY_MS = 60_000;
/** How long the broker may take to end the connection of a process that stops. */
const CLOSE_TIMEOUT_MS = 1_000;

/** AMQP 0-9-1, "reply codes": what an administrator must change. */
const REFUSALS: readonly number[] = [403, 404, 406, 530, 540, 541];

export interface StreamPublisherOptions {
  readonly url: string;
  readonly connect?: Connect | undefined;
  readonly limits: JournalLimits;
  readonly topologyMode: TopologyMode;
  readonly source: FactSource;
  readonly buffer: FactBuffer;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  /** Batches can be sent now. */
  readonly onReady: () => void;
  readonly onConfirmed: (batch: WaitingBatch) => void;
}

/**
 * Publishes the batches of a buffer to the stream, in order, until each is confirmed. After any failure everything unconfirmed is sent
 * again, so that a batch may arrive twice. Whatever the broker refuses, it is asked for again after a second at the earliest, and less
 * and less often; that is logged once.
 */
export class StreamPublisher {
  readonly #options: StreamPublisherOptions;
  readonly #connection: BrokerConnection;
  #model: ChannelModel | undefined;
  /** The connection on which the stream is being declared, or checked. */
  #preparing: ChannelModel | undefined;
  #channel: PublishChannel | undefined;
  /** Since the stream was last declared or checked, nothing was confirmed. */
  #isUnproven = false;
  #isUnbound = false;
  #isBlocked = false;
  #hasStopped = false;
  #hasConfirmed = false;
  #hasWarned = false;
  /** Monotonic. */
  #warnedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #retryAt = Number.NEGATIVE_INFINITY;
  #progressAt = Number.NEGATIVE_INFINITY;
  #cancelRetry: () => void = () => undefined;
  #cancelWatch: (() => void) | undefined;

  constructor(options: StreamPublisherOptions) {
    this.#options = options;
    const { url, connect, log, clock, random, source } = options;
    // A broker that ends the connection because of the journal is connected to again and again.
    const quiet: Log = {
      info: (...line) => (this.#hasWarned ? undefined : log.info(...line)),
      warn: (...line) => (this.#hasWarned ? undefined : log.warn(...line)),
      error: (...line) => log.error(...line),
    };
    this.#connection = new BrokerConnection({
      url,
      name: `${source.service} journal`,
      channels: CHANNELS,
      log: quiet,
      connect,
      clock,
      random,
      open: (connection) => {
        this.#model = connection;
        this.#schedule();
        return Promise.resolve();
      },
      onLost: () => this.#lose(),
      onBlocked: () => (this.#isBlocked = true),
      onUnblocked: () => {
        this.#isBlocked = false;
        this.#progressAt = clock.monotonic();
        if (this.isReady) options.onReady();
        else this.#schedule();
      },
    });
  }

  /** Whether what is in the buffer is sent at once. */
  get isReady(): boolean {
    return this.#channel !== undefined && !this.#isBlocked;
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#connection.start();
  }

  /** Sends what can be sent. */
  pump(): void {
    while (this.#channel !== undefined && !this.#isBlocked && this.#channel.unsettled < MAX_UNCONFIRMED) {
      const batch = this.#options.buffer.next();
      if (batch === undefined) return;
      this.#send(this.#channel, batch);
    }
  }

  async close(): Promise<void> {
    this.#hasStopped = true;
    this.#cancelRetry();
    this.#cancelWatch?.();
    // It may wait for a broker that accepts no messages.
    if (!this.#options.buffer.isEmpty) this.#connection.abandon('the process stops');
    const closed = this.#connection.close();
    await replyTo(closed, {
      request: 'connection.close',
      clock: this.#options.clock,
      timeoutMs: CLOSE_TIMEOUT_MS,
    }).catch(() => undefined);
  }

  #send(channel: PublishChannel, batch: WaitingBatch): void {
    const { clock, source, buffer } = this.#options;
    if (channel.unsettled === 0) this.#progressAt = clock.monotonic();
    const settle = (settlement: Settlement): void => this.#onSettled(channel, batch, settlement);
    const properties = propertiesOf(source, batch);
    const status = channel.send({ exchange: JOURNAL, routingKey: '' }, batch.body, properties, settle);
    if (status === 'unencodable') buffer.drop(batch);
    if (status === 'ended') this.#fail(new Error('the channel has ended'));
    this.#watch();
  }

  #onSettled(channel: PublishChannel, batch: WaitingBatch, settlement: Settlement): void {
    if (channel !== this.#channel) return;
    if (settlement === 'returned') return this.#onReturned();
    if (settlement === 'refused') return this.#fail(new Error(`the stream '${JOURNAL}' does not accept messages`));
    this.#progressAt = this.#options.clock.monotonic();
    this.#isUnproven = false;
    this.#hasConfirmed = true;
    this.#failures = 0;
    const wasWaiting = this.#options.buffer.confirm(batch);
    if (this.#hasWarned) this.#options.log.info('the journal is written');
    this.#hasWarned = false;
    if (wasWaiting) this.#options.onConfirmed(batch);
    this.pump();
  }

  /** At the start, another process that has just declared the stream may be about to bind it. */
  #onReturned(): void {
    const isFirst = !this.#hasConfirmed && this.#failures === 0;
    this.#isUnbound = true;
    const error = new Error(`no queue is bound to the exchange '${JOURNAL}'`);
    if (isFirst) this.#tryLater(error);
    else this.#fail(error);
  }

  /** After a break between two nodes RabbitMQ may never confirm what a channel has sent. */
  #watch(): void {
    const { clock } = this.#options;
    this.#cancelWatch ??= clock.after(CONFIRM_TIMEOUT_MS, () => {
      this.#cancelWatch = undefined;
      if (this.#channel === undefined || this.#channel.unsettled === 0) return;
      const isLate = clock.monotonic() - this.#progressAt >= CONFIRM_TIMEOUT_MS;
      if (isLate && !this.#isBlocked) this.#fail(new Error(`no confirm within ${CONFIRM_TIMEOUT_MS / 1_000} s`));
      else this.#watch();
    });
  }

  /** Declares the stream and opens a channel, once it is time to. */
  #schedule(): void {
    this.#cancelRetry();
    const { clock } = this.#options;
    const wait = this.#retryAt - clock.monotonic();
    if (wait > 0) this.#cancelRetry = clock.after(wait, () => this.#schedule());
    else if (this.#model !== undefined && !this.#isBlocked && this.#preparing !== this.#model)
      void this.#prepare(this.#model);
  }

  async #prepare(connection: ChannelModel): Promise<void> {
    const { limits, topologyMode: mode, clock, onReady } = this.#options;
    this.#isUnproven = true;
    this.#preparing = connection;
    try {
      await declareStream(connection, { limits, mode, isUnbound: this.#isUnbound, clock });
      const isBlocked = () => this.#isBlocked;
      const opening = connection.createConfirmChannel();
      opening.catch(() => undefined);
      const opened = await replyTo(opening, { request: 'channel.open', clock, isBlocked });
      if (connection !== this.#model || this.#hasStopped) return;
      const channel: PublishChannel = new PublishChannel(opened, {
        onReturned: () => undefined,
        onEnded: (closure) => this.#onEnded(channel, closure),
      });
      this.#isUnbound = false;
      this.#channel = channel;
      onReady();
    } catch (error) {
      if (this.#preparing === connection) this.#preparing = undefined;
      // Otherwise the connection was lost.
      if (connection === this.#model) this.#fail(error);
    } finally {
      if (this.#preparing === connection) this.#preparing = undefined;
    }
  }

  #onEnded(channel: PublishChannel, closure: ChannelClosure | undefined): void {
    // Without a reason the connection was lost.
    if (channel !== this.#channel || closure === undefined) return;
    const oldest = this.#options.buffer.oldestSent;
    if (messageRefusalIn(closure) !== undefined && oldest !== undefined) this.#options.buffer.drop(oldest);
    this.#fail(Object.assign(new Error(closure.reason), { code: closure.replyCode }));
  }

  #lose(): void {
    this.#model = undefined;
    this.#isBlocked = false;
    this.#channel = undefined;
    this.#cancelRetry();
    this.#options.buffer.sendAgain();
    if (!this.#isUnproven) return;
    this.#isUnproven = false;
    const error = new Error('the broker ends the connection when it is asked for the stream');
    // The first time it may be a coincidence.
    if (this.#failures > 0) this.#warn(error);
    this.#backOff(error);
  }

  #fail(error: unknown): void {
    if (this.#hasStopped) return;
    this.#warn(error);
    this.#tryLater(error);
  }

  /** With another channel, with everything unconfirmed. */
  #tryLater(error: unknown): void {
    if (this.#hasStopped) return;
    this.#channel?.close();
    this.#channel = undefined;
    this.#options.buffer.sendAgain();
    this.#backOff(error);
    this.#schedule();
  }

  #backOff(error: unknown): void {
    const { clock, random } = this.#options;
    const isRefusal = error instanceof StreamMissing || REFUSALS.some((code) => hasReplyCode(error, code));
    const longest = isRefusal ? MAX_RETRY_MS : Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    // Not all processes at the same time.
    this.#retryAt = clock.monotonic() + Math.max(FIRST_RETRY_MS, longest * (0.75 + random.fraction() / 4));
  }

  #warn(reason: unknown): void {
    const { clock, log } = this.#options;
    const isRecent = clock.monotonic() - this.#warnedAt < MAX_RETRY_MS;
    if (this.#hasWarned || isRecent) return;
    this.#hasWarned = true;
    this.#warnedAt = clock.monotonic();
    const error = accessRefusalIn(reason) ?? reason;
    log.warn('the journal is not written: retrying about every minute; delivery is not affected', {
      error: error instanceof Error ? error.message : String(error),
    });
  }
}
