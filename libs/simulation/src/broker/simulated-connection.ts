import { type ChannelModel, type Connection, IllegalOperationError, type ServerProperties } from 'amqplib';
import { EventEmitter } from 'node:events';
import { type Scheduler } from '../scheduler';
import { BrokerConnection } from './broker-connection';
import { type BrokerState } from './broker-state';
import { type BrokerMessage } from './queue-message';
import { type ReplyCode } from './reply-code';
import { SimulatedChannel } from './simulated-channel';
import { notSimulated } from './unsimulated-channel';
import { Wire } from './wire';

const SERVER: ServerProperties = {
  host: 'simulated',
  product: 'RabbitMQ',
  version: '3.10.8',
  platform: 'simulation',
  information: 'behaves as the contract tests of libs/simulation show',
};
const FRAME_MAX = 131_072;

/** A connection as amqplib's client shows it. */
export class SimulatedConnection extends EventEmitter implements ChannelModel {
  readonly connection: Connection & { readonly frameMax: number } = { serverProperties: SERVER, frameMax: FRAME_MAX };
  readonly #scheduler: Scheduler;
  readonly #sent: (id: string, unconfirmed: number) => (isConfirmed: boolean) => void;
  readonly #toBroker: Wire;
  readonly #toClient: Wire;
  readonly #channels = new Set<SimulatedChannel>();
  readonly #enter: (run: () => void) => void;
  #isBlocked = false;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #tags = 0;
  readonly name: string;
  /** The client's name. */
  readonly client: string;
  /** The broker's side. */
  readonly broker: BrokerConnection;

  /**
   * @param of whose connection it is, and the node that it is made to
   * @param enter runs what reaches the client as soon as its process runs
   */
  constructor(
    state: BrokerState,
    of: { readonly client: string; readonly number: number; readonly node: number },
    enter: (run: () => void) => void = (run) => run(),
  ) {
    super();
    const { client, number, node } = of;
    const name = `${client} #${number}`;
    this.name = name;
    this.client = client;
    this.#enter = enter;
    this.#sent = (id, unconfirmed) => {
      state.mostUnconfirmed.set(client, Math.max(unconfirmed, state.mostUnconfirmed.get(client) ?? 0));
      return state.publications.add(id, client);
    };
    this.#scheduler = state.scheduler;
    this.#toBroker = new Wire(state.scheduler, `${name} to the broker`);
    this.#toClient = new Wire(state.scheduler, `the broker to ${name}`);
    this.broker = new BrokerConnection(state, name, node, {
      blocked: () => this.#receive('connection.blocked', () => this.#setBlocked(true)),
      unblocked: () => this.#receive('connection.unblocked', () => this.#setBlocked(false)),
      closed: (code, reason) => this.#receive('connection.close', () => this.#closedByBroker(code, reason)),
      reset: () => this.#receive('a reset', () => this.#failed('read ECONNRESET')),
    });
  }

  createChannel(): Promise<SimulatedChannel> {
    return this.#open(false);
  }

  createConfirmChannel(): Promise<SimulatedChannel> {
    return this.#open(true);
  }

  updateSecret(): never {
    throw notSimulated('updateSecret');
  }

  async close(): Promise<void> {
    if (this.#state !== 'open') throw new IllegalOperationError('Connection closed');
    this.#state = 'closing';
    return new Promise((resolve) => {
      const closed = (): void => {
        if (this.#state === 'closed') return;
        resolve();
        this.#toClosed();
      };
      this.#send('connection.close', () => this.broker.close(() => this.#receive('connection.close-ok', closed)));
      // amqplib does not wait for a broker that reads nothing.
      if (this.#isBlocked) {
        closed();
        this.#toBroker.cut(Number.POSITIVE_INFINITY, () => this.#endAtBroker());
      }
    });
  }

  /**
   * The connection breaks. Of what the client has sent, the broker still reads the first frames; of what the broker has
   * sent, nothing arrives.
   * @param noticedAfterMs when the client learns of it; undefined if its process is dead
   */
  cut(keptFrames: number, noticedAfterMs: number | undefined): void {
    this.#break(noticedAfterMs, 'read ECONNRESET');
    this.#toBroker.cut(keptFrames, () => this.#endAtBroker());
  }

  /** The broker's node ends: of what the client has sent, nothing more is read. */
  kill(): void {
    this.#break(0, 'read ECONNRESET');
    this.#toBroker.cut(0, () => undefined);
    this.broker.kill();
  }

  /**
   * The connection breaks silently: both sides notice once they miss heartbeats. The broker reads the first frames in
   * transit only after `deliveredAfterMs`, if it has not noticed before.
   * @param noticedAfterMs when each side notices
   */
  breakSilently(
    keptFrames: number,
    noticedAfterMs: { readonly broker: number; readonly client: number },
    deliveredAfterMs = 0,
  ): void {
    this.#break(noticedAfterMs.client, 'Heartbeat timeout');
    this.#toBroker.cut(keptFrames, () => undefined, deliveredAfterMs);
    this.#scheduler.schedule(noticedAfterMs.broker, `the broker misses heartbeats of ${this.name}`, () =>
      this.#endAtBroker(),
    );
  }

  /** Frames in both directions arrive only once that ends. */
  holdUp(isHeldUp: boolean): void {
    this.#toBroker.holdUp(isHeldUp);
    this.#toClient.holdUp(isHeldUp);
  }

  /** Frames that are sent and not yet read by the broker. */
  get framesInTransit(): number {
    return this.#toBroker.length;
  }

  /** Whether the broker has ended the connection, and the client does not know it yet. */
  get isEndUnderWay(): boolean {
    return this.broker.hasEnded && this.#toClient.length > 0;
  }

  /** Whether a frame is under way, in either direction, or not read yet. */
  get isBusy(): boolean {
    return this.#toBroker.length > 0 || this.#toClient.length > 0 || this.broker.hasUnread;
  }

  async #open(isConfirming: boolean): Promise<SimulatedChannel> {
    if (this.#state !== 'open') throw new IllegalOperationError('Connection closed');
    const link = {
      connection: this.connection,
      send: (label: string, read: () => void) => this.#send(label, read),
      reply: (label: string, receive: () => void) => this.#receive(label, receive),
      generateTag: () => `amq.ctag-${(this.#tags += 1)}`,
      sent: this.#sent,
    };
    const channel = new SimulatedChannel(link, (client) =>
      this.broker.openChannel({
        confirmed: (publish, isTaken, message) =>
          this.#receive(`${isTaken ? 'basic.ack' : 'basic.nack'} (confirm) ${publish}: ${idOf(message)}`, () =>
            client.confirmed(publish, isTaken),
          ),
        returned: (message) => this.#receive(`basic.return: ${idOf(message)}`, () => client.returned(message)),
        delivered: (tag, delivery, message, isRedelivered) =>
          this.#receive(
            `basic.deliver ${message.routingKey} ${delivery}: ${idOf(message)}${isRedelivered ? ', redelivered' : ''}`,
            () => client.delivered(tag, delivery, message, isRedelivered),
          ),
        cancelled: (tag) => this.#receive('basic.cancel', () => client.cancelled(tag)),
        closed: (code, reason) => this.#receive('channel.close', () => client.closedByBroker(code, reason)),
      }),
    );
    this.#channels.add(channel);
    channel.once('close', () => this.#channels.delete(channel));
    await channel.opened();
    if (isConfirming) await channel.selectConfirms();
    return channel;
  }

  #send(label: string, read: () => void): void {
    this.#toBroker.send(label, () => this.broker.receive(read));
  }

  #receive(label: string, receive: () => void): void {
    this.#toClient.send(label, () =>
      this.#enter(() => {
        if (this.#state !== 'closed') receive();
      }),
    );
  }

  #setBlocked(isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    if (isBlocked) this.emit('blocked', 'low on memory');
    else this.emit('unblocked');
  }

  #break(noticedAfterMs: number | undefined, error: string): void {
    this.#toClient.cut(0, () => undefined);
    if (noticedAfterMs === undefined) return;
    this.#scheduler.schedule(noticedAfterMs, `${this.name}: ${error}`, () =>
      this.#enter(() => {
        if (this.#state !== 'closed') this.#failed(error);
      }),
    );
  }

  #endAtBroker(): void {
    this.broker.receive(() => this.broker.end());
  }

  #failed(error: string): void {
    this.emit('error', new Error(error));
    this.#toClosed();
  }

  #closedByBroker(code: ReplyCode, reason: string): void {
    this.emit('error', Object.assign(new Error(`Connection closed: ${code} (${reason})`), { code }));
    this.#toClosed();
  }

  #toClosed(): void {
    this.#state = 'closed';
    for (const channel of this.#channels) channel.toClosed();
    this.emit('close');
  }
}

function idOf({ properties }: BrokerMessage): string {
  return String(properties.messageId);
}
