import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { setMaxListeners } from 'node:events';
import { accessRefusalIn } from './access-refused';
import { empty, heldBytesOf } from './held-bytes';
import { type LaneClaim } from './lane-claim';
import { fromDelivery, type IncomingMessage, type Unreadable } from './message';
import { type MemoryBudget } from './memory-budget';
import { RecentAcks } from './recent-acks';
import { type Scout } from './scout';

/**
 * How long the queue takes at most, unless it is slow, to apply the acks that a channel has sent. While 32 of its commands are not yet
 * applied, a channel holds acks back, and loses them when it closes; nothing that the client receives reveals this (RabbitMQ 3.10.8,
 * `settle` in `rabbit_fifo_client.erl`). To subscribe or cancel would wait for the queue, but costs the connection if the queue has no
 * leader (541).
 */
const APPLIED_WITHIN_MS = 300;
/** A channel whose queue does not answer does not close in time; the broker ends it later. */
const CLOSE_TIMEOUT_MS = 5_000;

/** More tables and marks than former owners of a lane leave. With a window that they fill, the next table would not come back. */
const ALL = 1_000;

/** A message consumed from a lane and not yet acknowledged. */
export interface UnackedMessage extends IncomingMessage {
  readonly lane: LaneChannel;
  /** From which it was delivered first: that of the lane, or of one of its sidings. */
  readonly queue: string;
  /** Its unacknowledged deliveries: none while only its copy on the way to a siding is left. */
  readonly deliveries: Set<ConsumeMessage>;
  /** On the monotonic clock. */
  readonly heldSince: number;
  /** What it counts for in the memory budget. */
  readonly heldBytes: number;
}

export interface LaneChannelPorts {
  /** A message arrived; calls are in the order of its queue. */
  onMessage(message: UnackedMessage): void;
  /** A message arrived that this version cannot deliver. */
  onUnreadable(lane: LaneChannel, delivery: ConsumeMessage, unreadable: Unreadable): void;
  /** A message was acknowledged or rejected. */
  onSettled(message: UnackedMessage): void;
  /**
   * A message came again that was acknowledged over this channel: its node had lost the queue's leader for a moment. If 32
   * acknowledgements were lost, RabbitMQ takes no further one of the channel (3.10.8, `soft_limit` in `rabbit_fifo_client.erl`).
   */
  onAcksLost(queue: string): void;
  /** The broker closed the channel, for example after its consumer timeout; `onLost` follows. */
  onClosedByBroker(reason: string): void;
  /** The channel was lost; the broker requeues what was held. */
  onLost(): void;
}

export interface LaneChannelOptions {
  readonly claim: LaneClaim;
  readonly scout: Pick<Scout, 'whenAnswered'>;
  readonly memory: MemoryBudget;
  readonly clock?: Clock | undefined;
}

/** The channel over which the queues of one lane are consumed, from its opening to its end. */
export class LaneChannel {
  readonly #abort = new AbortController();
  readonly claim: LaneClaim;
  readonly #options: LaneChannelOptions;
  readonly #ports: LaneChannelPorts;
  readonly #clock: Clock;
  readonly #held = new Set<UnackedMessage>();
  readonly #acks = new RecentAcks();
  /** The most unacknowledged messages of each queue that is consumed. */
  readonly #windows = new Map<string, number>();
  /** Unacknowledged, with their queues. */
  readonly #deliveries = new Map<ConsumeMessage, string>();
  /** The bytes of what cannot be delivered, until it is a dead letter. */
  readonly #unreadable = new Map<ConsumeMessage, number>();
  #bytes = 0;
  #channel: Channel | undefined;
  #state: 'open' | 'releasing' | 'closed' = 'open';
  #onDrained: () => void = () => undefined;
  /** When the last ack was sent, and a queue was last opened, on the monotonic clock. */
  #ackedAt = Number.NEGATIVE_INFINITY;
  #openedAt = Number.POSITIVE_INFINITY;

  constructor(options: LaneChannelOptions, ports: LaneChannelPorts) {
    this.#options = options;
    this.claim = options.claim;
    this.#ports = ports;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    // One for each attempt in flight.
    setMaxListeners(0, this.#abort.signal);
  }

  /** Aborted as soon as the lane is no longer ours. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get held(): ReadonlySet<UnackedMessage> {
    return this.#held;
  }

  get isReleasing(): boolean {
    return this.#state !== 'open';
  }

  /** The queue of an unacknowledged delivery. */
  queueOf(delivery: ConsumeMessage): string | undefined {
    return this.#deliveries.get(delivery);
  }

  /** Of the bodies that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When its last queue was opened so far, on the monotonic clock; never: infinite. */
  get openedAt(): number {
    return this.#openedAt;
  }

  /** When the last ack was sent, on the monotonic clock; never: negative infinity. */
  get ackedAt(): number {
    return this.#ackedAt;
  }

  /** Unacknowledged messages of the queue. */
  countOf(queue: string): number {
    let count = 0;
    for (const from of this.#deliveries.values()) if (from === queue) count += 1;
    return count;
  }

  /** Whether the broker delivers no more of the queue before something of it is acknowledged. */
  isFull(queue: string): boolean {
    return this.countOf(queue) >= this.windowOf(queue);
  }

  /** The most unacknowledged messages of the queue; infinite unless it is consumed. */
  windowOf(queue: string): number {
    return this.#windows.get(queue) ?? Infinity;
  }

  /** Rejects if the lane is lost first. */
  async open(connection: ChannelModel): Promise<void> {
    const channel = await connection.createChannel();
    this.#channel = channel;
    channel.on('error', (error) => this.#ports.onClosedByBroker((accessRefusalIn(error) ?? error).message));
    channel.on('close', () => this.lose());
    // Closed meanwhile: an untracked consumer would block the lane for every worker.
    if (this.#isClosed()) return this.#closeChannel();
    await this.roundTrip();
  }

  /** Resolves once everything that the broker sent before has arrived. Rejects if the lane is lost first. */
  async roundTrip(): Promise<void> {
    // Any request will do: each subscription sets its own before.
    await this.#channel?.prefetch(ALL);
    this.#abort.signal.throwIfAborted();
  }

  /**
   * Subscribes once the queue answers, and there is memory for its messages.
   * @param prefetch the most unacknowledged messages
   * @param take handles deliveries that are not for `onMessage`, and returns true for these; also while the lane is released
   * @throws Error if the lane is lost first
   */
  async consume(
    queue: string,
    { isUrgent, prefetch }: { readonly isUrgent: boolean; readonly prefetch: () => number },
    take: (delivery: ConsumeMessage) => boolean = () => false,
  ): Promise<void> {
    const { scout, memory } = this.#options;
    await scout.whenAnswered(queue, this.signal);
    await memory.open(queue, isUrgent, this.signal, async () => {
      this.#openedAt = this.#clock.monotonic();
      await this.#subscribe(queue, prefetch(), take);
      await this.roundTrip();
    });
  }

  /** The same for a queue with few messages: all of them, whatever is held. To be followed by a round trip. */
  async subscribe(queue: string, take: (delivery: ConsumeMessage) => boolean): Promise<void> {
    await this.#options.scout.whenAnswered(queue, this.signal);
    await this.#subscribe(queue, ALL, take);
  }

  async #subscribe(queue: string, prefetch: number, take: (delivery: ConsumeMessage) => boolean): Promise<void> {
    if (prefetch !== ALL) this.#windows.set(queue, prefetch);
    // At once one after the other: it applies to the subscription that follows on the channel, whichever that is.
    const limited = this.#channel?.prefetch(prefetch);
    const subscribed = this.#channel?.consume(queue, (delivery) => {
      if (delivery === null) return this.lose();
      if (this.#state === 'closed') return;
      this.#deliveries.set(delivery, queue);
      if (this.#acks.wereLost(queue, delivery)) this.#ports.onAcksLost(queue);
      if (take(delivery)) return;
      if (this.#state !== 'open') empty(delivery);
      else this.#take(queue, delivery);
      this.#options.memory.check();
    });
    await Promise.all([limited, subscribed]);
    this.#abort.signal.throwIfAborted();
  }

  /** Acknowledges the message; has no effect once the lane is lost. */
  ack(message: UnackedMessage): void {
    if (this.#state === 'closed') return;
    this.returnToQueue(message);
    for (const delivery of message.deliveries) this.ackDelivery(delivery);
    this.#ports.onSettled(message);
  }

  ackDelivery(delivery: ConsumeMessage): void {
    this.#settle(delivery, (channel) => channel.ack(delivery));
  }

  /** Makes the broker dead-letter the message itself, whatever its size; has no effect once the lane is lost. */
  reject(message: UnackedMessage): void {
    if (this.#state === 'closed') return;
    this.returnToQueue(message);
    const [first, ...others] = message.deliveries;
    if (first !== undefined) this.rejectDelivery(first);
    for (const delivery of others) this.ackDelivery(delivery);
    this.#ports.onSettled(message);
  }

  rejectDelivery(delivery: ConsumeMessage): void {
    this.#settle(delivery, (channel) => channel.nack(delivery, false, false));
  }

  /** The message stays unacknowledged and is requeued in its place when the channel closes. */
  returnToQueue(message: UnackedMessage): void {
    if (this.#held.delete(message)) this.#removeBytes(message.heldBytes);
    for (const delivery of message.deliveries) empty(delivery);
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
   * Closes the channel once the queue must have applied the acks: the broker requeues the rest in its original order
   * and only then activates the next consumer.
   */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#end('the lane was released');
    const remaining = this.#ackedAt + APPLIED_WITHIN_MS - this.#clock.monotonic();
    if (remaining > 0) await delay(this.#clock, remaining);
    await Promise.race([this.#closeChannel(), delay(this.#clock, CLOSE_TIMEOUT_MS)]);
  }

  /** The channel is lost, or counts as lost. */
  lose(): void {
    if (this.#state === 'closed') return;
    this.#end('the lane was lost');
    this.#onDrained();
    void this.#closeChannel();
    this.#ports.onLost();
  }

  #settle(delivery: ConsumeMessage, settle: (channel: Channel) => void): void {
    const queue = this.#deliveries.get(delivery);
    // Acknowledged before: a second time would close the channel.
    if (this.#state === 'closed' || queue === undefined) return;
    this.#deliveries.delete(delivery);
    this.#ackedAt = this.#clock.monotonic();
    this.#removeBytes(this.#unreadable.get(delivery) ?? 0);
    this.#unreadable.delete(delivery);
    this.#acks.add(queue, delivery);
    try {
      if (this.#channel !== undefined) settle(this.#channel);
    } catch {
      // The channel has closed but its event is still pending: the broker will redeliver the message.
    }
  }

  #addBytes(bytes: number): void {
    this.#bytes += bytes;
    this.#options.memory.add(bytes);
  }

  #removeBytes(bytes: number): void {
    if (this.#state === 'closed') return;
    this.#bytes -= bytes;
    this.#options.memory.remove(bytes);
  }

  #end(why: string): void {
    this.#removeBytes(this.#bytes);
    this.#state = 'closed';
    this.#deliveries.clear();
    this.#unreadable.clear();
    this.#abort.abort(new Error(why));
  }

  #isClosed(): boolean {
    return this.#state === 'closed';
  }

  async #closeChannel(): Promise<void> {
    try {
      await this.#channel?.close();
    } catch {
      // It is already closed, by the broker or with its connection.
    }
  }

  #take(queue: string, delivery: ConsumeMessage): void {
    const bytes = heldBytesOf(delivery);
    this.#addBytes(bytes);
    // Copied: the chunk read from the socket would stay in memory as long as any message in it is held.
    delivery.content = Buffer.from(delivery.content);
    const parsed = fromDelivery(delivery);
    if (parsed.kind !== 'message') {
      this.#unreadable.set(delivery, bytes);
      this.#ports.onUnreadable(this, delivery, parsed);
      return;
    }
    const message: UnackedMessage = {
      lane: this,
      queue,
      deliveries: new Set([delivery]),
      heldSince: this.#clock.monotonic(),
      heldBytes: bytes,
      // Last: V8 in Node.js 20 gives each object a hidden class of its own if other properties follow a spread.
      ...parsed.message,
    };
    this.#held.add(message);
    this.#ports.onMessage(message);
  }
}
