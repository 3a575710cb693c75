import { type BrokerState } from './broker-state';
import { ChannelDeliveries, type Delivery } from './channel-deliveries';
import { type ChannelQueues } from './channel-queues';
import { type Queue } from './queue';
import { type QueueConsumer } from './queue-consumers';
import { type BrokerMessage } from './queue-message';
import { type ReplyCode } from './reply-code';

interface ChannelConsumingOptions {
  readonly state: BrokerState;
  readonly channel: object;
  /** Whose connection it is, for the trace. */
  readonly client: string;
  readonly queues: ChannelQueues;
  /** @returns undefined, and closes the channel, if there is no such queue */
  readonly existing: (name: string) => Queue | undefined;
  /** Processes something as soon as the channel waits for nothing else. */
  readonly process: (request: () => void) => void;
  /** The broker closes the channel. */
  readonly fail: (code: ReplyCode, reason: string) => void;
  readonly delivered: (
    consumerTag: string,
    deliveryTag: number,
    message: BrokerMessage,
    isRedelivered: boolean,
  ) => void;
  readonly cancelled: (consumerTag: string) => void;
}

/** A message that a client has requested, instead of subscribing. */
export interface GottenMessage {
  readonly deliveryTag: number;
  readonly message: BrokerMessage;
  readonly isRedelivered: boolean;
  /** Ready messages that remain. */
  readonly remaining: number;
}

/** The consumers of a channel, and what it has delivered. */
export class ChannelConsuming {
  readonly #options: ChannelConsumingOptions;
  readonly #consumers = new Map<string, { readonly queue: Queue; readonly consumer: QueueConsumer }>();
  readonly #deliveries = new ChannelDeliveries();
  #prefetch = 0;
  #hasEnded = false;

  constructor(options: ChannelConsumingOptions) {
    this.#options = options;
    const { consumerTimeout } = options.state;
    if (consumerTimeout !== undefined) this.#checkTimeout(consumerTimeout);
  }

  setPrefetch(count: number): void {
    this.#prefetch = count;
  }

  consume(name: string, tag: string, noAck: boolean, done: () => void): void {
    const { state, channel, client, existing, process, cancelled } = this.#options;
    const queue = existing(name);
    if (queue === undefined) return;
    const consumer: QueueConsumer = {
      channel,
      client,
      tag,
      prefetch: this.#prefetch,
      noAck,
      deliver: (number, message, isRedelivered) =>
        process(() =>
          this.#deliver({ queue, consumer, number, deliveredAt: state.scheduler.now }, message, isRedelivered),
        ),
      cancelled: () => cancelled(tag),
    };
    this.#consumers.set(tag, { queue, consumer });
    this.#options.queues.command(queue, () => queue.state.addConsumer(consumer), done);
  }

  cancel(tag: string, done: () => void): void {
    const consumed = this.#consumers.get(tag);
    if (consumed === undefined) return done();
    this.#consumers.delete(tag);
    this.#options.queues.command(consumed.queue, () => consumed.queue.state.cancelConsumer(consumed.consumer), done);
  }

  /** Requests one message. A quorum queue with a single active consumer refuses that, once its Raft group answers. */
  get(name: string, noAck: boolean, done: (gotten: GottenMessage | undefined) => void): void {
    const { state, channel, client, existing, fail } = this.#options;
    const queue = existing(name);
    if (queue === undefined) return;
    let gotten: GottenMessage | undefined;
    let isRefused = false;
    const consumer: QueueConsumer = {
      channel,
      client,
      tag: '',
      prefetch: 1,
      noAck,
      deliver: (number, message, isRedelivered) => {
        const delivery = { queue, consumer, number, deliveredAt: state.scheduler.now };
        const remaining = queue.state.messageCount;
        gotten = { deliveryTag: this.#deliveries.add(delivery), message, isRedelivered, remaining };
      },
      cancelled: () => undefined,
    };
    this.#options.queues.get(
      queue,
      () => (isRefused = !queue.state.get(consumer)),
      () => {
        if (isRefused) fail(405, `cannot obtain access to locked queue '${name}'`);
        else done(gotten);
      },
    );
  }

  /** Settles one delivery, or all up to it. */
  settle(deliveryTag: number, isMultiple: boolean, outcome: 'acknowledged' | 'returned' | 'rejected'): void {
    const { queues, fail } = this.#options;
    const settled = this.#deliveries.settle(deliveryTag, isMultiple);
    if (typeof settled === 'number') return fail(406, `unknown delivery tag ${settled}`);
    for (const [consumer, [first, ...others]] of settled) {
      if (first === undefined) continue;
      const { queue } = first;
      const numbers = [first, ...others].map(({ number }) => number);
      queues.settle(queue, () => queue.state.settle(consumer, numbers, outcome));
    }
  }

  end(): void {
    this.#hasEnded = true;
  }

  #deliver(delivery: Delivery, message: BrokerMessage, isRedelivered: boolean): void {
    this.#options.delivered(delivery.consumer.tag, this.#deliveries.add(delivery), message, isRedelivered);
  }

  #checkTimeout(timeout: { readonly timeoutMs: number; readonly checkMs: number }): void {
    const { scheduler } = this.#options.state;
    scheduler.schedule(timeout.checkMs, 'a channel checks its consumers', () => {
      if (this.#hasEnded) return;
      const { oldest } = this.#deliveries;
      const isLate = oldest !== undefined && scheduler.now - oldest.deliveredAt > timeout.timeoutMs;
      if (!isLate) return this.#checkTimeout(timeout);
      this.#options.fail(406, `delivery acknowledgement timed out. Timeout value used: ${timeout.timeoutMs} ms`);
    });
  }
}
