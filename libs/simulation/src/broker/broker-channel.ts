import { type Options, type Replies } from 'amqplib';
import { type BrokerState } from './broker-state';
import { type BrokerMessage, Queue, type QueueConsumer } from './queue';
import { argumentsOf } from './queue-arguments';
import { QueueClient } from './queue-client';

/** The AMQP reply codes that occur here. */
export type ReplyCode = 403 | 404 | 406 | 541;

/** What a channel sends to its client. */
export interface ChannelEvents {
  confirmed(publish: number, isTaken: boolean): void;
  returned(message: BrokerMessage): void;
  delivered(consumerTag: string, deliveryTag: number, message: BrokerMessage, isRedelivered: boolean): void;
  /** The broker cancels a consumer: its queue was deleted. */
  cancelled(consumerTag: string): void;
  /** The broker closes the channel. */
  closed(code: ReplyCode, reason: string): void;
}

export interface ChannelPorts {
  readonly connection: object;
  published(): void;
  /** The channel has credit again. */
  credited(): void;
  /** The broker closes the connection. */
  failed(code: ReplyCode, reason: string): void;
}

interface Unacked {
  readonly queue: Queue;
  readonly consumer: QueueConsumer;
  readonly id: number;
  readonly deliveredAt: number;
}

/** Messages that a reader may pass to a channel before the channel grants more, and how many the channel grants at a time. */
const CREDIT = { initial: 400, more: 200 };
/** How long a channel waits for a queue that does not answer. */
const QUEUE_TIMEOUT_MS = 65_000;
/** How long a passive declaration waits for the figures of a queue. */
const STATE_TIMEOUT_MS = 250;

/** The broker's side of a channel: processes its frames in order, one at a time; some wait for a queue. */
export class BrokerChannel {
  readonly #state: BrokerState;
  readonly #events: ChannelEvents;
  readonly #ports: ChannelPorts;
  readonly #mailbox: (() => void)[] = [];
  readonly #clients = new Map<Queue, QueueClient>();
  readonly #consumers = new Map<string, { readonly queue: Queue; readonly consumer: QueueConsumer }>();
  readonly #unacked = new Map<number, Unacked>();
  readonly #maxMessageSize: number;
  #isConfirming = false;
  #prefetch = 0;
  #publishes = 0;
  #deliveries = 0;
  #credit = CREDIT.initial;
  #processed = 0;
  #isWaiting = false;
  #hasEnded = false;

  constructor(state: BrokerState, events: ChannelEvents, ports: ChannelPorts) {
    this.#state = state;
    this.#maxMessageSize = state.maxMessageSize;
    if (state.consumerTimeout !== undefined) this.#checkTimeout(state.consumerTimeout);
    this.#events = events;
    this.#ports = ports;
  }

  get isOutOfCredit(): boolean {
    return this.#credit === 0 && !this.#hasEnded;
  }

  /** Processes the request of a frame, as soon as the channel waits for nothing else. */
  process(request: () => void): void {
    if (this.#hasEnded) return;
    if (this.#isWaiting) this.#mailbox.push(request);
    else request();
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
    if (existing !== undefined) return this.#reportQueue(existing, done);
    const generated = `amq.gen-${(this.#state.generated += 1)}`;
    const state = this.#state;
    const queue = new Queue(
      {
        name: name === '' ? generated : name,
        exclusiveTo: options.exclusive === true ? this.#ports.connection : undefined,
        ...argumentsOf(options),
      },
      state,
      (exchange, routingKey, message) => {
        for (const target of exchanges.route(exchange, routingKey)) target.append(() => target.enqueue(message));
      },
    );
    exchanges.queues.set(queue.options.name, queue);
    this.#reportQueue(queue, done);
  }

  checkQueue(name: string, done: (reply: Replies.AssertQueue) => void): void {
    const queue = this.#existing(name);
    if (queue !== undefined) this.#reportQueue(queue, done);
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
      this.#confirm(number, true);
    }
    let remaining = queues.length;
    for (const queue of queues) {
      this.#enqueue(
        queue,
        message,
        () => {
          remaining -= 1;
          if (remaining === 0) this.#confirm(number, true);
        },
        () => this.#confirm(number, false),
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
      tag,
      prefetch: this.#prefetch,
      noAck,
      deliver: (id, message, isRedelivered) =>
        this.process(() =>
          this.#deliver({ queue, consumer, id, deliveredAt: this.#state.scheduler.now }, message, isRedelivered),
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
    const tags = isMultiple ? [...this.#unacked.keys()].filter((tag) => tag <= deliveryTag) : [deliveryTag];
    const idsByConsumer = new Map<QueueConsumer, { readonly queue: Queue; readonly ids: number[] }>();
    for (const tag of tags) {
      const unacked = this.#unacked.get(tag);
      if (unacked === undefined) return this.#fail(406, `unknown delivery tag ${tag}`);
      this.#unacked.delete(tag);
      const { queue, consumer, id } = unacked;
      const settled = idsByConsumer.get(consumer) ?? { queue, ids: [] };
      settled.ids.push(id);
      idsByConsumer.set(consumer, settled);
    }
    for (const [consumer, { queue, ids }] of idsByConsumer)
      this.#clientOf(queue).sendAcknowledgement(() => queue.settle(consumer, ids, outcome));
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
    this.#mailbox.length = 0;
    for (const client of this.#clients.values()) client.close(this);
    this.#ports.credited();
  }

  #deliver(unacked: Unacked, message: BrokerMessage, isRedelivered: boolean): void {
    this.#deliveries += 1;
    if (!unacked.consumer.noAck) this.#unacked.set(this.#deliveries, unacked);
    this.#events.delivered(unacked.consumer.tag, this.#deliveries, message, isRedelivered);
  }

  #checkTimeout(timeout: { readonly timeoutMs: number; readonly checkMs: number }): void {
    const { scheduler } = this.#state;
    scheduler.schedule(timeout.checkMs, 'a channel checks its consumers', () => {
      if (this.#hasEnded) return;
      const [oldest] = this.#unacked.values();
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

  /** Ready messages only, and zeros if the queue does not answer. */
  #reportQueue(queue: Queue, done: (reply: Replies.AssertQueue) => void): void {
    const { name } = queue.options;
    if (!queue.isStalled)
      return done({ queue: name, messageCount: queue.messageCount, consumerCount: queue.consumerCount });
    const resume = this.#wait();
    this.#state.scheduler.schedule(STATE_TIMEOUT_MS, `${name}: no figures`, () => {
      done({ queue: name, messageCount: 0, consumerCount: 0 });
      resume();
    });
  }

  #clientOf(queue: Queue): QueueClient {
    const existing = this.#clients.get(queue);
    if (existing !== undefined) return existing;
    const client = new QueueClient(queue, () => this.#grantCredit());
    this.#clients.set(queue, client);
    return client;
  }

  /** The first message for a quorum queue waits until its Raft group has answered. */
  #enqueue(queue: Queue, message: BrokerMessage, taken: () => void, refused: () => void): void {
    const isFirst = !this.#clients.has(queue);
    const client = this.#clientOf(queue);
    const enqueue = (): void => queue.enqueue(message);
    if (!isFirst || !queue.isStalled) return client.send(enqueue, taken);
    const resume = this.#wait();
    const cancel = this.#state.scheduler.schedule(QUEUE_TIMEOUT_MS, `${queue.options.name}: no reply`, () => {
      refused();
      resume();
    });
    client.send(enqueue, () => {
      cancel();
      taken();
      resume();
    });
  }

  /** Waits for the queue; if it does not answer, the connection is closed. */
  #command(queue: Queue, command: () => void, done: () => void): void {
    const resume = this.#wait();
    const cancel = this.#state.scheduler.schedule(QUEUE_TIMEOUT_MS, `${queue.options.name}: no reply`, () =>
      this.#ports.failed(541, 'INTERNAL_ERROR'),
    );
    this.#clientOf(queue).send(command, () => {
      cancel();
      if (!this.#hasEnded) done();
      resume();
    });
  }

  /** Processes nothing more until the result is called. */
  #wait(): () => void {
    this.#isWaiting = true;
    return () => {
      this.#isWaiting = false;
      while (!this.#isWaiting && !this.#hasEnded) {
        const request = this.#mailbox.shift();
        if (request === undefined) return;
        request();
      }
    };
  }

  #confirm(publish: number, isTaken: boolean): void {
    if (this.#isConfirming && !this.#hasEnded) this.#events.confirmed(publish, isTaken);
  }

  /** While a queue is slow the channel grants its reader nothing. */
  #grantCredit(): void {
    if ([...this.#clients.values()].some(({ isSlow }) => isSlow)) return;
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
