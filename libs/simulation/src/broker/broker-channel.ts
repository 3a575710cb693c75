import { type BrokerState } from './broker-state';
import { ChannelConsuming } from './channel-consuming';
import { ChannelPublishing } from './channel-publishing';
import { ChannelQueues } from './channel-queues';
import { ChannelTopology } from './channel-topology';
import { type BrokerMessage } from './queue-message';
import { type ReplyCode } from './reply-code';
import { RequestQueue } from './request-queue';

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
  ended(channel: BrokerChannel): void;
  /** The channel has credit again. */
  credited(): void;
  /** The broker closes the connection. */
  failed(code: ReplyCode, reason: string): void;
}

/** The broker's side of a channel: processes its frames in order, one at a time; some wait for a queue. */
export class BrokerChannel {
  readonly topology: ChannelTopology;
  readonly publishing: ChannelPublishing;
  readonly consuming: ChannelConsuming;
  readonly #events: ChannelEvents;
  readonly #ports: ChannelPorts;
  readonly #requests = new RequestQueue();
  readonly #queues: ChannelQueues;
  #isDisconnected = false;
  #hasEnded = false;

  constructor(state: BrokerState, events: ChannelEvents, ports: ChannelPorts) {
    this.#events = events;
    this.#ports = ports;
    const fail = (code: ReplyCode, reason: string): void => {
      state.channelErrors.push(`${ports.client}: ${code} (${reason})`);
      this.#fail(code, reason);
    };
    const queues = new ChannelQueues(state, {
      channel: this,
      requests: this.#requests,
      node: ports.node,
      becameFast: () => this.publishing.grantCredit(),
      failed: () => {
        this.end();
        if (!this.#isDisconnected) ports.failed(541, 'INTERNAL_ERROR');
      },
    });
    this.#queues = queues;
    const { connection, node } = ports;
    const topology = new ChannelTopology({ state, queues, connection, node, fail });
    this.topology = topology;
    this.publishing = new ChannelPublishing({
      state,
      queues,
      fail,
      returned: (message) => events.returned(message),
      confirmed: (publish, isTaken, message) => {
        if (!this.#hasEnded) events.confirmed(publish, isTaken, message);
      },
      published: () => ports.published(),
      credited: () => ports.credited(),
    });
    this.consuming = new ChannelConsuming({
      state,
      channel: this,
      client: ports.client,
      queues,
      existing: (name) => topology.existing(name),
      process: (request) => this.process(request),
      fail,
      delivered: (...delivery) => events.delivered(...delivery),
      cancelled: (tag) => events.cancelled(tag),
    });
  }

  get isOutOfCredit(): boolean {
    return this.publishing.isOutOfCredit && !this.#hasEnded;
  }

  /** Processes the request of a frame, as soon as the channel waits for nothing else. */
  process(request: () => void): void {
    this.#requests.process(request);
  }

  /** The connection has ended: so does the channel, but only once it does not wait for a queue any more. */
  disconnect(): void {
    this.#isDisconnected = true;
    this.#requests.clear();
    this.process(() => this.end());
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
    this.#ports.ended(this);
    this.consuming.end();
    this.#queues.end();
    this.#ports.credited();
  }

  #fail(code: ReplyCode, reason: string): void {
    this.end();
    this.#events.closed(code, reason);
  }
}
