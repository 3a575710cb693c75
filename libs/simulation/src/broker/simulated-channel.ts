import {
  type ConfirmChannel,
  type Connection,
  type ConsumeMessage,
  type GetMessage,
  IllegalOperationError,
  type Message,
  type Options,
  type Replies,
} from 'amqplib';
import { type BrokerChannel } from './broker-channel';
import { ClientCalls } from './client-calls';
import { ClientConfirms, type Confirmed } from './client-confirms';
import { propertiesOf } from './properties';
import { type BrokerMessage } from './queue-message';
import { type ReplyCode } from './reply-code';
import { UnsimulatedChannel } from './unsimulated-channel';

/** What a channel needs of its connection. */
export interface ChannelLink {
  readonly connection: Connection;
  /** Sends a frame that is read as soon as the broker reads. */
  send(label: string, read: () => void): void;
  /** Sends a frame back from the broker. */
  reply(label: string, receive: () => void): void;
  generateTag(): string;
  /** A message was sent. @returns to be called when its client learns whether it is confirmed */
  sent(id: string, unconfirmed: number): (isConfirmed: boolean) => void;
}

/** A channel as amqplib's client shows it: one request at a time, messages and acknowledgements without waiting. */
export class SimulatedChannel extends UnsimulatedChannel implements ConfirmChannel {
  readonly connection: Connection;
  readonly #link: ChannelLink;
  readonly #broker: BrokerChannel;
  readonly #consumers = new Map<string, (message: ConsumeMessage | null) => void>();
  readonly #confirms = new ClientConfirms();
  readonly #calls = new ClientCalls();
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(link: ChannelLink, open: (channel: SimulatedChannel) => BrokerChannel) {
    super();
    this.connection = link.connection;
    this.#link = link;
    this.#broker = open(this);
    // Like amqplib's own listener, before those of its users.
    this.on('close', () => this.#confirms.lose());
  }

  /** The broker has answered the opening of the channel. */
  opened(): Promise<Replies.Empty> {
    return this.#request('channel.open', (done) => done({}));
  }

  selectConfirms(): Promise<Replies.Empty> {
    return this.#request('confirm.select', (done) => {
      this.#broker.publishing.selectConfirms();
      done({});
    });
  }

  async assertQueue(queue = '', options: Options.AssertQueue = {}): Promise<Replies.AssertQueue> {
    return this.#request(`queue.declare ${queue}`, (done) => this.#broker.topology.declareQueue(queue, options, done));
  }

  checkQueue(queue: string): Promise<Replies.AssertQueue> {
    return this.#request(`queue.declare ${queue}, passive`, (done) => this.#broker.topology.checkQueue(queue, done));
  }

  deleteQueue(queue: string): Promise<Replies.DeleteQueue> {
    return this.#request(`queue.delete ${queue}`, (done) => this.#broker.topology.deleteQueue(queue, done));
  }

  bindQueue(queue: string, source: string, pattern: string): Promise<Replies.Empty> {
    return this.#request(`queue.bind ${queue}`, (done) =>
      this.#broker.topology.bindQueue(queue, source, pattern, () => done({})),
    );
  }

  async assertExchange(exchange: string, type: string): Promise<Replies.AssertExchange> {
    await this.#request(`exchange.declare ${exchange}`, (done) =>
      this.#broker.topology.declareExchange(exchange, type, () => done({})),
    );
    return { exchange };
  }

  checkExchange(exchange: string): Promise<Replies.Empty> {
    return this.#request(`exchange.declare ${exchange}, passive`, (done) =>
      this.#broker.topology.checkExchange(exchange, () => done({})),
    );
  }

  prefetch(count: number): Promise<Replies.Empty> {
    return this.#request(`basic.qos ${count}`, (done) => {
      this.#broker.consuming.setPrefetch(count);
      done({});
    });
  }

  consume(
    queue: string,
    onMessage: (message: ConsumeMessage | null) => void,
    { consumerTag = this.#link.generateTag(), noAck = false }: Options.Consume = {},
  ): Promise<Replies.Consume> {
    return this.#request<Replies.Consume>(`basic.consume ${queue}`, (done) =>
      this.#broker.consuming.consume(queue, consumerTag, noAck, () => {
        done({ consumerTag }, () => this.#consumers.set(consumerTag, onMessage));
      }),
    );
  }

  cancel(consumerTag: string): Promise<Replies.Cancel> {
    return this.#request<Replies.Cancel>(`basic.cancel ${consumerTag}`, (done) =>
      this.#broker.consuming.cancel(consumerTag, () =>
        done({ consumerTag }, () => this.#consumers.delete(consumerTag)),
      ),
    );
  }

  get(queue: string, { noAck = false }: Options.Get = {}): Promise<GetMessage | false> {
    return this.#request<GetMessage | false>(`basic.get ${queue}`, (done) =>
      this.#broker.consuming.get(queue, noAck, (gotten) => {
        if (gotten === undefined) return done(false);
        const { deliveryTag, message, isRedelivered: redelivered, remaining: messageCount } = gotten;
        const { exchange, routingKey, content, properties } = message;
        done({
          content,
          properties: { ...properties },
          fields: { deliveryTag, redelivered, exchange, routingKey, messageCount },
        });
      }),
    );
  }

  /** @throws IllegalOperationError if the channel is not open, TypeError if AMQP cannot encode the message */
  publish(
    exchange: string,
    routingKey: string,
    content: Buffer,
    options: Options.Publish = {},
    confirmed: Confirmed = () => undefined,
  ): boolean {
    const message: BrokerMessage = {
      exchange,
      routingKey,
      content: Buffer.from(content),
      properties: propertiesOf(exchange, routingKey, options),
    };
    this.#ensureOpen();
    let settled: (isConfirmed: boolean) => void = () => undefined;
    const unconfirmed = this.#confirms.sent((error, ok) => {
      settled(error === null);
      confirmed(error, ok);
    });
    settled = this.#link.sent(options.messageId ?? '', unconfirmed);
    this.#link.send(`basic.publish to ${exchange} ${routingKey}: ${options.messageId ?? ''}`, () => {
      this.#broker.publishing.takeCredit();
      this.#broker.process(() => this.#broker.publishing.publish(message, options.mandatory === true));
    });
    return true;
  }

  ack(message: Message, allUpTo = false): void {
    this.#settle('basic.ack', message, allUpTo, 'acknowledged');
  }

  nack(message: Message, allUpTo = false, requeue = true): void {
    this.#settle('basic.nack', message, allUpTo, requeue ? 'returned' : 'rejected');
  }

  async close(): Promise<void> {
    this.#ensureOpen();
    return new Promise((resolve) => {
      const closed = (): void => {
        if (this.#state === 'closed') return;
        resolve();
        this.toClosed();
      };
      this.#link.send('channel.close', () => this.#broker.close(() => this.#link.reply('channel.close-ok', closed)));
      this.#state = 'closing';
    });
  }

  /** A confirm arrived. */
  confirmed(publish: number, isTaken: boolean): void {
    if (this.#state === 'open') this.#confirms.settle(publish, isTaken);
  }

  returned({ exchange, routingKey, content, properties }: BrokerMessage): void {
    if (this.#state !== 'open') return;
    const fields = { exchange, routingKey, deliveryTag: 0, redelivered: false };
    this.emit('return', { content, properties, fields } satisfies Message);
  }

  delivered(consumerTag: string, deliveryTag: number, message: BrokerMessage, redelivered: boolean): void {
    if (this.#state !== 'open') return;
    const { exchange, routingKey, content, properties } = message;
    const fields = { exchange, routingKey, consumerTag, deliveryTag, redelivered };
    this.#consumers.get(consumerTag)?.({ content, properties: { ...properties }, fields });
  }

  cancelled(consumerTag: string): void {
    if (this.#state === 'open') this.#consumers.get(consumerTag)?.(null);
    this.#consumers.delete(consumerTag);
  }

  closedByBroker(code: ReplyCode, reason: string): void {
    // While it closes, the client waits for the broker's reply to that.
    if (this.#state !== 'open') return;
    const error = Object.assign(new Error(`Channel closed by server: ${code} "${reason}"`), { code });
    this.#calls.rejectCurrent(error);
    this.emit('error', error);
    this.toClosed();
  }

  /** Nothing that was requested is answered any more. */
  toClosed(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#calls.rejectAll(new Error('Channel ended, no reply will be forthcoming'));
    this.emit('close');
  }

  #settle(
    method: string,
    { fields: { deliveryTag, routingKey }, properties: { messageId } }: Message,
    isMultiple: boolean,
    outcome: Parameters<BrokerChannel['consuming']['settle']>[2],
  ): void {
    this.#ensureOpen();
    this.#link.send(`${method} ${isMultiple ? 'up to ' : ''}${routingKey} ${deliveryTag}: ${String(messageId)}`, () =>
      this.#broker.process(() => this.#broker.consuming.settle(deliveryTag, isMultiple, outcome)),
    );
  }

  async #request<Reply>(
    label: string,
    request: (done: (reply: Reply, received?: () => void) => void) => void,
  ): Promise<Reply> {
    this.#ensureOpen();
    return this.#calls.request<Reply>((replied) => {
      const done = (reply: Reply, received?: () => void): void =>
        this.#link.reply(`${label}: ok`, () => {
          if (this.#state !== 'open') return;
          received?.();
          replied(reply);
        });
      this.#link.send(label, () => this.#broker.process(() => request(done)));
    });
  }

  #ensureOpen(): void {
    if (this.#state !== 'open')
      throw new IllegalOperationError(this.#state === 'closed' ? 'Channel closed' : 'Channel closing');
  }
}
