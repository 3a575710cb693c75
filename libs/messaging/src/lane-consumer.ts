import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { setMaxListeners } from 'node:events';
import { acksApplied } from './acks-applied';
import { fromDelivery, type IncomingMessage, type Unreadable } from './message';

/** Unacknowledged messages of a lane. A constant: a later consumer with less would get them back out of order. */
export const PREFETCH = 64;
/** So many routing keys may be known before those of which nothing is held are forgotten. */
const KNOWN_KEYS = 2 * PREFETCH;
/** How long a close waits for the queue to apply the last acks: it may have no leader. */
const APPLIED_WITHIN_MS = 5_000;

/** A message off a lane, not yet acknowledged. */
export interface UnackedMessage extends IncomingMessage {
  readonly lane: LaneConsumer;
  readonly delivery: ConsumeMessage;
  /** The broker gave it to somebody before: it may have been delivered. */
  readonly redelivered: boolean;
  /** On the monotonic clock. */
  readonly heldSince: number;
}

export interface LaneConsumerPorts {
  /** A message came; calls keep the order of the queue. */
  arrived(message: UnackedMessage): void;
  /** Something came that this version cannot deliver. */
  unreadable(lane: LaneConsumer, delivery: ConsumeMessage, unreadable: Unreadable): void;
  /** The broker closes the channel for a reason of its own, as its consumer timeout; `lost` follows. */
  closedByBroker(lane: LaneConsumer, reason: string): void;
  /** The channel is gone without our doing; what was held is the broker's again. */
  lost(lane: LaneConsumer): void;
  /** A message was acknowledged or rejected: it is no longer in the queue. */
  acknowledged?(): void;
}

/** One life of a consumer of a lane's queue, or of a siding's: from its channel's opening to its end. */
export class LaneConsumer {
  readonly #abort = new AbortController();
  readonly #ports: LaneConsumerPorts;
  readonly #clock: Clock;
  readonly #held = new Set<UnackedMessage>();
  /** One for each routing key: all its attempts listen to it, and none needs one of its own. */
  readonly #attempts = new Map<string, AbortController>();
  #channel: Channel | undefined;
  #state: 'open' | 'releasing' | 'closed' = 'open';
  #drained: () => void = () => undefined;
  #hasAcked = false;

  constructor(
    readonly queue: string,
    ports: LaneConsumerPorts,
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#ports = ports;
    this.#clock = clock;
  }

  /** Aborted as soon as the lane is no longer ours. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Aborted as soon as the lane is no longer ours, or what is on the wire of the key is interrupted. */
  signalOf(routingKey: string): AbortSignal {
    return (this.#attempts.get(routingKey) ?? this.#know(routingKey)).signal;
  }

  /** Takes everything off the wire that is on it of the routing key, at once. */
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

  async open(connection: ChannelModel): Promise<void> {
    const channel = await connection.createChannel();
    this.#channel = channel;
    channel.on('error', (error) => this.#ports.closedByBroker(this, error.message));
    channel.on('close', () => this.lose());
    // Closed meanwhile: a consumer that nobody knows of would keep the lane from everyone.
    if (this.#isClosed()) return this.#closeChannel();
    await channel.prefetch(PREFETCH);
    await channel.consume(this.queue, (delivery) => {
      if (delivery === null) this.lose();
      else this.#take(delivery);
    });
  }

  /** Lets the broker forget the message; without effect once the lane is lost. */
  ack(message: UnackedMessage): void {
    if (this.#state === 'closed') return;
    this.returnToQueue(message);
    this.ackDelivery(message.delivery);
  }

  ackDelivery(delivery: ConsumeMessage): void {
    this.#settle((channel) => channel.ack(delivery));
  }

  /** Has the broker itself move the message to the dead letters, whatever its size; without effect once the lane is lost. */
  reject(message: UnackedMessage): void {
    if (this.#state === 'closed') return;
    this.returnToQueue(message);
    this.rejectDelivery(message.delivery);
  }

  rejectDelivery(delivery: ConsumeMessage): void {
    this.#settle((channel) => channel.nack(delivery, false, false));
  }

  /** The message stays unacknowledged and goes back to its place when the channel closes. */
  returnToQueue(message: UnackedMessage): void {
    this.#held.delete(message);
    if (this.#held.size === 0) this.#drained();
  }

  /** Takes nothing new from now on; what still comes goes back when the channel closes. */
  beginRelease(): void {
    if (this.#state === 'open') this.#state = 'releasing';
  }

  /** Settles once nothing is held, or all is lost. */
  drained(): Promise<void> {
    if (this.#held.size === 0 || this.#state === 'closed') return Promise.resolve();
    return new Promise((resolve) => (this.#drained = resolve));
  }

  /**
   * Closes the channel, once the queue has applied what was acknowledged: the broker takes the rest back in its old order
   * and only then wakes the next consumer.
   */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#end('the lane was released');
    if (await this.#acksApplied()) await this.#closeChannel();
    // The broker reads nothing from a channel whose queue does not answer: its close would be waited for as long.
    else void this.#closeChannel();
  }

  /** The channel is gone, or counts as gone. */
  lose(): void {
    if (this.#state === 'closed') return;
    this.#end('the lane was lost');
    this.#drained();
    void this.#closeChannel();
    this.#ports.lost(this);
  }

  #settle(settle: (channel: Channel) => void): void {
    if (this.#state === 'closed') return;
    this.#hasAcked = true;
    try {
      if (this.#channel !== undefined) settle(this.#channel);
    } catch {
      // The channel closed a moment ago and its event has not come yet: the broker will deliver it again.
    }
    this.#ports.acknowledged?.();
  }

  #end(why: string): void {
    this.#state = 'closed';
    const reason = new Error(why);
    this.#abort.abort(reason);
    for (const attempts of this.#attempts.values()) attempts.abort(reason);
    this.#attempts.clear();
  }

  #know(routingKey: string): AbortController {
    if (this.#attempts.size >= KNOWN_KEYS) {
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

  /** False if that takes too long; what was acknowledged last may then be delivered again. */
  #acksApplied(): Promise<boolean> {
    const channel = this.#channel;
    if (channel === undefined || !this.#hasAcked) return Promise.resolve(true);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(APPLIED_WITHIN_MS, () => resolve(false));
      // A channel that closed meanwhile has nothing to wait for.
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
      // It was closed already, by the broker or with its connection.
    }
  }

  #take(delivery: ConsumeMessage): void {
    if (this.#state !== 'open') return;
    // What was read from the socket in one piece would be kept whole as long as any message of it is held.
    delivery.content = Buffer.from(delivery.content);
    const parsed = fromDelivery(delivery);
    if (parsed.kind !== 'message') {
      this.#ports.unreadable(this, delivery, parsed);
      return;
    }
    const message: UnackedMessage = {
      ...parsed.message,
      lane: this,
      delivery,
      redelivered: delivery.fields.redelivered,
      heldSince: this.#clock.monotonic(),
    };
    this.#held.add(message);
    this.#ports.arrived(message);
  }
}
