import { type Options, type Replies } from 'amqplib';
import { SeededRandom } from '../seeded-random';
import { type BrokerState } from './broker-state';
import { ChannelDeliveries, type Delivery } from './channel-deliveries';
import { ChannelQueues } from './channel-queues';
import { NODES } from './nodes';
import { Queue } from './queue';
import { argumentsOf } from './queue-arguments';
import { type QueueConsumer } from './queue-consumers';
import { type BrokerMessage } from './queue-message';
import { RequestQueue } from './request-queue';

/** The AMQP reply codes that occur here. */
export type ReplyCode = 403 | 404 | 406 | 541;

/** What a channel sends to its client. */
export interface ChannelEvents {
  confirmed(publish: number, isTaken: boolean, message: BrokerMessage): void;
  returned(message: BrokerMessage): void;
  delivered(consumerTag: string, deliveryTag: number, message: BrokerMessage, isRedelivered: boolean): void;
  /** The broker cancels a consumer: its queue was deleted. */
  cancelled(consumerTag: string): void;
  /** The broker closes the channel. */
  closed(code: ReplyCode, reason: string): void;
}

export interface ChannelPorts {
  readonly connection: object;
  /** Whose connection it is, for the trace. */
  readonly client: string;
  /** The node that the connection is made to. */
  readonly node: number;
  published(): void;
  /** The channel has credit again. */
  credited(): void;
  /** The broker closes the connection. */
  failed(code: ReplyCode, reason: string): void;
}

/** Messages that a reader may pass to a channel before the channel grants more, and how many the channel grants at a time. */
const CREDIT = { initial: 400, more: 200 };
/** The broker's side of a channel: processes its frames in order, one at a time; some wait for a queue. */
export class BrokerChannel {
  readonly #state: BrokerState;
  readonly #events: ChannelEvents;
  readonly #ports: ChannelPorts;
  readonly #requests = new RequestQueue();
  readonly #queues: ChannelQueues;
  readonly #consumers = new Map<string, { readonly queue: Queue; readonly consumer: QueueConsumer }>();
  readonly #deliveries = new ChannelDeliveries();
  readonly #maxMessageSize: number;
  #isConfirming = false;
  #prefetch = 0;
  #publishes = 0;
  #credit = CREDIT.initial;
  #processed = 0;
  #hasEnded = false;

  constructor(state: BrokerState, events: ChannelEvents, ports: ChannelPorts) {
    this.#state = state;
    this.#maxMessageSize = state.maxMessageSize;
    if (state.consumerTimeout !== undefined) this.#checkTimeout(state.consumerTimeout);
    this.#events = events;
    this.#ports = ports;
    this.#queues = new ChannelQueues(state, {
      channel: this,
      requests: this.#requests,
      node: ports.node,
      becameFast: () => this.#grantCredit(),
      timedOut: () => ports.failed(541, 'INTERNAL_ERROR'),
    });
  }

  get isOutOfCredit(): boolean {
    return this.#credit === 0 && !this.#hasEnded;
  }

  /** Processes the request of a frame, as soon as the channel waits for nothing else. */
  process(request: () => void): void {
    this.#requests.process(request);
  }

  selectConfirms(): void {
    this.#isConfirming = true;
  }

  setPrefetch(count: number): void {
    this.#prefetch = count;
  }

  declareExchange(exchange: string, type: string, done: () => void): void {
    if (this.#state.exchanges.declare(exchange, type))
      this.#fail(406, `inequivalent arg 'type' for exchange '${exchange}'`);
    else done();
  }

  checkExchange(exchange: string, done: () => void): void {
    if (exchange === '') this.#fail(403, 'operation not permitted on the default exchange');
    else if (this.#state.exchanges.has(exchange)) done();
    else this.#fail(404, `no exchange '${exchange}'`);
  }

  declareQueue(name: string, options: Options.AssertQueue, done: (reply: Replies.AssertQueue) => void): void {
    const { exchanges } = this.#state;
    const existing = exchanges.queues.get(name);
    if (existing !== undefined) return this.#queues.report(existing, done);
    const generated = `amq.gen-${(this.#state.generated += 1)}`;
    const state = this.#state;
    const leader = new SeededRandom(state.scheduler.seed, `leader of ${name}`).below(NODES);
    const queue = new Queue(
      {
        name: name === '' ? generated : name,
        exclusiveTo: options.exclusive === true ? this.#ports.connection : undefined,
        ...argumentsOf(options),
      },
      state.areLeadersSpread && options.exclusive !== true ? leader : this.#ports.node,
      state,
      (exchange, routingKey, message) => {
        for (const target of exchanges.route(exchange, routingKey)) target.append(() => target.enqueue(message));
      },
    );
    exchanges.queues.set(queue.options.name, queue);
    this.#queues.report(queue, done);
  }

  checkQueue(name: string, done: (reply: Replies.AssertQueue) => void): void {
    const queue = this.#existing(name);
    if (queue !== undefined) this.#queues.report(queue, done);
  }

  deleteQueue(name: string, done: (reply: Replies.DeleteQueue) => void): void {
    const queue = this.#existing(name);
    if (queue === undefined) return;
    this.#state.exchanges.deleteQueue(queue);
    done({ messageCount: queue.messageCount });
  }

  bindQueue(name: string, exchange: string, key: string, done: () => void): void {
    if (this.#existing(name) === undefined) return;
    if (!this.#state.exchanges.has(exchange)) return this.#fail(404, `no exchange '${exchange}'`);
    this.#state.exchanges.bind(name, exchange, key);
    done();
  }

  /** The reader passes a message on. */
  takeCredit(): void {
    this.#credit -= 1;
  }

  publish(message: BrokerMessage, isMandatory: boolean): void {
    const { exchanges } = this.#state;
    const maxMessageSize = this.#maxMessageSize;
    const { exchange, routingKey, content } = message;
    if (content.length > maxMessageSize)
      return this.#fail(406, `message size ${content.length} is larger than configured max size ${maxMessageSize}`);
    if (!exchanges.has(exchange)) return this.#fail(404, `no exchange '${exchange}'`);
    this.#publishes += 1;
    const number = this.#publishes;
    const queues = exchanges.route(exchange, routingKey);
    if (queues.length === 0) {
      if (isMandatory) this.#events.returned(message);
      this.#confirm(number, true, message);
    }
    let remaining = queues.length;
    for (const queue of queues) {
      this.#queues.enqueue(
        queue,
        () => queue.enqueue(message),
        () => {
          remaining -= 1;
          if (remaining === 0) this.#confirm(number, true, message);
        },
        () => this.#confirm(number, false, message),
      );
    }
    this.#processed += 1;
    this.#grantCredit();
    this.#ports.published();
  }

  consume(name: string, tag: string, noAck: boolean, done: () => void): void {
    const queue = this.#existing(name);
    if (queue === undefined) return;
    const consumer: QueueConsumer = {
      channel: this,
      client: this.#ports.client,
      tag,
      prefetch: this.#prefetch,
      noAck,
      deliver: (number, message, isRedelivered) =>
        this.process(() =>
          this.#deliver({ queue, consumer, number, deliveredAt: this.#state.scheduler.now }, message, isRedelivered),
        ),
      cancelled: () => this.#events.cancelled(tag),
    };
    this.#consumers.set(tag, { queue, consumer });
    this.#command(queue, () => queue.addConsumer(consumer), done);
  }

  cancel(tag: string, done: () => void): void {
    const consumed = this.#consumers.get(tag);
    if (consumed === undefined) return done();
    this.#consumers.delete(tag);
    this.#command(consumed.queue, () => consumed.queue.cancelConsumer(consumed.consumer), done);
  }

  /** Settles one delivery, or all up to it. */
  settle(deliveryTag: number, isMultiple: boolean, outcome: 'acknowledged' | 'returned' | 'rejected'): void {
    const settled = this.#deliveries.settle(deliveryTag, isMultiple);
    if (typeof settled === 'number') return this.#fail(406, `unknown delivery tag ${settled}`);
    for (const [consumer, [first, ...others]] of settled) {
      if (first === undefined) continue;
      const { queue } = first;
      const numbers = [first, ...others].map(({ number }) => number);
      this.#queues.settle(queue, () => queue.settle(consumer, numbers, outcome));
    }
  }

  /** The client closes the channel, which the broker may have closed already. */
  close(done: () => void): void {
    if (this.#hasEnded) return done();
    this.process(() => {
      this.end();
      done();
    });
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#requests.end();
    this.#queues.end();
    this.#ports.credited();
  }

  #deliver(delivery: Delivery, message: BrokerMessage, isRedelivered: boolean): void {
    this.#events.delivered(delivery.consumer.tag, this.#deliveries.add(delivery), message, isRedelivered);
  }

  #checkTimeout(timeout: { readonly timeoutMs: number; readonly checkMs: number }): void {
    const { scheduler } = this.#state;
    scheduler.schedule(timeout.checkMs, 'a channel checks its consumers', () => {
      if (this.#hasEnded) return;
      const { oldest } = this.#deliveries;
      const isLate = oldest !== undefined && scheduler.now - oldest.deliveredAt > timeout.timeoutMs;
      if (isLate) this.#fail(406, `delivery acknowledgement timed out. Timeout value used: ${timeout.timeoutMs} ms`);
      else this.#checkTimeout(timeout);
    });
  }

  #existing(name: string): Queue | undefined {
    const queue = this.#state.exchanges.queues.get(name);
    if (queue === undefined) this.#fail(404, `no queue '${name}'`);
    return queue;
  }

  #command(queue: Queue, command: () => void, done: () => void): void {
    this.#queues.command(queue, command, () => {
      if (!this.#hasEnded) done();
    });
  }

  #confirm(publish: number, isTaken: boolean, message: BrokerMessage): void {
    if (this.#isConfirming && !this.#hasEnded) this.#events.confirmed(publish, isTaken, message);
  }

  /** While a queue is slow the channel grants its reader nothing. */
  #grantCredit(): void {
    if (this.#queues.isAnySlow) return;
    while (this.#processed >= CREDIT.more) {
      this.#processed -= CREDIT.more;
      this.#credit += CREDIT.more;
    }
    this.#ports.credited();
  }

  #fail(code: ReplyCode, reason: string): void {
    this.end();
    this.#events.closed(code, reason);
  }
}
