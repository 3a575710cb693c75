import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { setMaxListeners } from 'node:events';
import { acksApplied } from './acks-applied';
import { fromDelivery, type IncomingMessage, type Unreadable } from './message';
import { type LaneGroup } from './topology';

/** The most routing keys to track before those without held messages are forgotten, as a multiple of the prefetch. */
const KNOWN_KEYS = 2;
/** How long closing waits for the queue to apply the last acks: it may have no leader. */
const APPLIED_WITHIN_MS = 5_000;

/** A message consumed from a lane and not yet acknowledged. */
export interface UnackedMessage extends IncomingMessage {
  readonly lane: LaneConsumer;
  readonly delivery: ConsumeMessage;
  /** The broker delivered it to a consumer before: it may already have been posted. */
  readonly redelivered: boolean;
  /** On the monotonic clock. */
  readonly heldSince: number;
}

export interface LaneConsumerPorts {
  /** A message arrived; calls are in the order of the queue. */
  onMessage(message: UnackedMessage): void;
  /** A message arrived that this version cannot deliver. */
  onUnreadable(lane: LaneConsumer, delivery: ConsumeMessage, unreadable: Unreadable): void;
  /** The broker closed the channel, for example after its consumer timeout; `onLost` follows. */
  onClosedByBroker(lane: LaneConsumer, reason: string): void;
  /** The channel was lost; the broker requeues what was held. */
  onLost(lane: LaneConsumer): void;
  /** A message was acknowledged or rejected: it is no longer in the queue. */
  onAcknowledged?(): void;
}

/** A consumer of a lane's or siding's queue, from the opening of its channel to its end. */
export class LaneConsumer {
  readonly #abort = new AbortController();
  readonly #prefetch: number;
  readonly #ports: LaneConsumerPorts;
  readonly #clock: Clock;
  readonly #held = new Set<UnackedMessage>();
  /** One per routing key, shared by all its attempts. */
  readonly #attempts = new Map<string, AbortController>();
  #channel: Channel | undefined;
  #state: 'open' | 'releasing' | 'closed' = 'open';
  #onDrained: () => void = () => undefined;
  #hasAcked = false;
  /** Delivered and neither acknowledged nor rejected, unreadable messages included. */
  #unacked = 0;
  #receivedAt: number | undefined;

  constructor(
    readonly queue: string,
    { prefetch }: Pick<LaneGroup, 'prefetch'>,
    ports: LaneConsumerPorts,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#prefetch = prefetch;
    this.#ports = ports;
    this.#clock = clock;
  }

  /** Aborted as soon as the lane is no longer ours. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Aborted as soon as the lane is no longer ours, or the key's attempts are interrupted. */
  signalOf(routingKey: string): AbortSignal {
    return (this.#attempts.get(routingKey) ?? this.#know(routingKey)).signal;
  }

  /** Aborts all attempts of the routing key that are in flight. */
  interrupt(routingKey: string): void {
    const attempts = this.#attempts.get(routingKey);
    this.#attempts.delete(routingKey);
    attempts?.abort(new Error('the attempt was interrupted'));
  }

  get held(): ReadonlySet<UnackedMessage> {
    return this.#held;
  }

  get isReleasing(): boolean {
    return this.#state !== 'open';
  }

  /** Whether the broker delivers nothing further before something is acknowledged. */
  get isWindowFull(): boolean {
    return this.#unacked >= this.#prefetch;
  }

  /** Whether the broker should deliver what waits in the queue, if no other consumer is the active one. */
  get isDue(): boolean {
    return this.#state === 'open' && !this.isWindowFull;
  }

  /** When the last message arrived, on the monotonic clock; undefined before the first one. */
  get receivedAt(): number | undefined {
    return this.#receivedAt;
  }

  async open(connection: ChannelModel): Promise<void> {
    const channel = await connection.createChannel();
    this.#channel = channel;
    channel.on('error', (error) => this.#ports.onClosedByBroker(this, error.message));
    channel.on('close', () => this.lose());
    // Closed meanwhile: an untracked consumer would block the lane for every worker.
    if (this.#isClosed()) return this.#closeChannel();
    await channel.prefetch(this.#prefetch);
    await channel.consume(this.queue, (delivery) => {
      if (delivery === null) this.lose();
      else this.#take(delivery);
    });
  }

  /** Acknowledges the message; has no effect once the lane is lost. */
  ack(message: UnackedMessage): void {
    if (this.#state === 'closed') return;
    this.returnToQueue(message);
    this.ackDelivery(message.delivery);
  }

  ackDelivery(delivery: ConsumeMessage): void {
    this.#settle((channel) => channel.ack(delivery));
  }

  /** Makes the broker dead-letter the message itself, whatever its size; has no effect once the lane is lost. */
  reject(message: UnackedMessage): void {
    if (this.#state === 'closed') return;
    this.returnToQueue(message);
    this.rejectDelivery(message.delivery);
  }

  rejectDelivery(delivery: ConsumeMessage): void {
    this.#settle((channel) => channel.nack(delivery, false, false));
  }

  /** The message stays unacknowledged and is requeued in its place when the channel closes. */
  returnToQueue(message: UnackedMessage): void {
    this.#held.delete(message);
    if (this.#held.size === 0) this.#onDrained();
  }

  /** Accepts no new messages from now on; those that still arrive are requeued when the channel closes. */
  beginRelease(): void {
    if (this.#state === 'open') this.#state = 'releasing';
  }

  /** Settles once nothing is held, or the lane is lost. */
  whenDrained(): Promise<void> {
    if (this.#held.size === 0 || this.#state === 'closed') return Promise.resolve();
    return new Promise((resolve) => (this.#onDrained = resolve));
  }

  /**
   * Closes the channel once the queue has applied the acks: the broker requeues the rest in its original order
   * and only then activates the next consumer.
   */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#end('the lane was released');
    if (await this.#acksApplied()) await this.#closeChannel();
    // The broker does not read a channel whose queue does not answer, so that closing it would take as long.
    else void this.#closeChannel();
  }

  /** The channel is lost, or counts as lost. */
  lose(): void {
    if (this.#state === 'closed') return;
    this.#end('the lane was lost');
    this.#onDrained();
    void this.#closeChannel();
    this.#ports.onLost(this);
  }

  #settle(settle: (channel: Channel) => void): void {
    if (this.#state === 'closed') return;
    this.#hasAcked = true;
    this.#unacked -= 1;
    try {
      if (this.#channel !== undefined) settle(this.#channel);
    } catch {
      // The channel has closed but its event is still pending: the broker will redeliver the message.
    }
    this.#ports.onAcknowledged?.();
  }

  #end(why: string): void {
    this.#state = 'closed';
    const reason = new Error(why);
    this.#abort.abort(reason);
    for (const attempts of this.#attempts.values()) attempts.abort(reason);
    this.#attempts.clear();
  }

  #know(routingKey: string): AbortController {
    if (this.#attempts.size >= KNOWN_KEYS * this.#prefetch) {
      const held = new Set([...this.#held].map((message) => message.routingKey));
      for (const key of this.#attempts.keys()) if (!held.has(key)) this.#attempts.delete(key);
    }
    const attempts = new AbortController();
    setMaxListeners(0, attempts.signal);
    if (this.#state === 'closed') attempts.abort(this.#abort.signal.reason);
    else this.#attempts.set(routingKey, attempts);
    return attempts;
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** False after a timeout; the last acknowledged messages may then be redelivered. */
  #acksApplied(): Promise<boolean> {
    const channel = this.#channel;
    if (channel === undefined || !this.#hasAcked) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(APPLIED_WITHIN_MS, () => resolve(false));
      // If the channel closes meanwhile, there is nothing to wait for.
      void acksApplied(channel, this.queue)
        .catch(() => undefined)
        .then(() => {
          cancel();
          resolve(true);
        });
    });
  }

  async #closeChannel(): Promise<void> {
    try {
      await this.#channel?.close();
    } catch {
      // It is already closed, by the broker or with its connection.
    }
  }

  #take(delivery: ConsumeMessage): void {
    if (this.#state !== 'open') return;
    this.#unacked += 1;
    this.#receivedAt = this.#clock.monotonic();
    // Copied: the chunk read from the socket would stay in memory as long as any message in it is held.
    delivery.content = Buffer.from(delivery.content);
    const parsed = fromDelivery(delivery);
    if (parsed.kind !== 'message') {
      this.#ports.onUnreadable(this, delivery, parsed);
      return;
    }
    const message: UnackedMessage = {
      ...parsed.message,
      lane: this,
      delivery,
      redelivered: delivery.fields.redelivered,
      heldSince: this.#receivedAt,
    };
    this.#held.add(message);
    this.#ports.onMessage(message);
  }
}
