import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type OutgoingMessage, toProperties } from './message';
import {
  type ChannelClosure,
  messageRefusalIn,
  type PublishChannel,
  type SendStatus,
  type Settlement,
} from './publish-channel';
import { PublishConnection, type PublishConnectionOptions } from './publish-connection';
import { SharedHeaders } from './shared-headers';
import { laneKey } from './topology';

const MIN_REOPEN_DELAY_MS = 50;
const MAX_REOPEN_DELAY_MS = 5_000;

export interface LanePublisherOptions extends Omit<PublishConnectionOptions, 'channels' | 'onOpened' | 'onLost'> {
  /** A new channel for the lane is open. */
  readonly onOpened: (lane: number, isBlocked: boolean) => void;
  /**
   * The lane's channel was lost: what was sent over it and is not settled yet never will be. A new channel follows.
   * @param refusal the broker's reason, if it closed the channel because of a message that was sent over it
   */
  readonly onLost: (lane: number, refusal: string | undefined) => void;
}

interface LaneChannel {
  channel: PublishChannel | undefined;
  /** Whether the broker has confirmed a message on this channel. */
  hasConfirmed: boolean;
  /** Consecutive channels that the broker closed, or on which it refused messages, before it confirmed any. */
  failures: number;
}

/**
 * Publishes to lanes, over a channel for each. RabbitMQ stops reading a channel whose queue does not respond,
 * and then the whole connection if much has been sent over it: lanes that share a channel would all be affected.
 */
export class LanePublisher {
  readonly #options: LanePublisherOptions;
  readonly #clock: Clock;
  readonly #connection: PublishConnection;
  readonly #lanes: readonly LaneChannel[];
  readonly #headers = new SharedHeaders();
  /** Number of connections so far. */
  #connections = 0;

  constructor(options: LanePublisherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    const { lanes } = options.laneGroup;
    this.#lanes = Array.from({ length: lanes }, () => ({ channel: undefined, hasConfirmed: false, failures: 0 }));
    this.#connection = new PublishConnection({
      ...options,
      // One per lane, and one to declare.
      channels: lanes + 1,
      onOpened: () => this.#open(),
      onLost: () => this.#lose(),
    });
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#connection.start();
  }

  state(): 'connected' | 'blocked' | 'unreachable' {
    return this.#connection.state();
  }

  /** Sends a message to its lane. `settle` is called later if the result is 'sent', and never otherwise. */
  publish(lane: number, message: OutgoingMessage, settle: (settlement: Settlement) => void): SendStatus {
    const state = this.#lanes[lane];
    const channel = state?.channel;
    if (state === undefined || channel === undefined) return 'ended';
    const properties = toProperties(message);
    this.#headers.write(properties.headers);
    properties.headers = this.#headers.values;
    const to = { exchange: this.#options.laneGroup.exchange, routingKey: laneKey(lane) };
    return channel.send(to, message.body, properties, (settlement) => {
      if (state.channel !== channel) return;
      if (settlement !== 'refused') state.failures = 0;
      if (settlement === 'confirmed') state.hasConfirmed = true;
      settle(settlement);
      if (settlement === 'refused' && !state.hasConfirmed) this.#onUnusable(lane, channel);
    });
  }

  /** Replaces the lane's channel: what was sent over the current one is never settled. */
  reopen(lane: number): void {
    const state = this.#lanes[lane];
    if (state?.channel === undefined) return;
    const { channel } = state;
    state.channel = undefined;
    this.#options.log.warn('no confirms for a lane: reopening its channel', { lane });
    channel.close();
    this.#openLater(lane);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #open(): Promise<void> {
    this.#connections += 1;
    for (const state of this.#lanes) state.failures = 0;
    await Promise.all(this.#lanes.map((_, lane) => this.#openLane(lane)));
  }

  async #openLane(lane: number): Promise<void> {
    const state = this.#lanes[lane];
    const channel = await this.#connection.openChannel((closure) => {
      if (state?.channel !== channel) return;
      state.channel = undefined;
      // Otherwise the connection is closing, and `#lose` follows.
      if (closure !== undefined) this.#closedByBroker(lane, closure);
    });
    if (state === undefined) return;
    state.channel = channel;
    state.hasConfirmed = false;
    this.#options.onOpened(lane, this.#connection.state() === 'blocked');
  }

  /**
   * A channel that first publishes to a quorum queue while the queue has no leader is refused everything until the node of
   * the former leader is back, which may be never: another channel works at once (measured with three nodes of RabbitMQ 3.10).
   */
  #onUnusable(lane: number, channel: PublishChannel): void {
    const state = this.#lanes[lane];
    if (state?.channel !== channel) return;
    state.channel = undefined;
    channel.close();
    this.#onFailed(lane, 'the broker refuses messages of a lane: reopening its channel', {});
  }

  #closedByBroker(lane: number, closure: ChannelClosure): void {
    const { reason } = closure;
    this.#onFailed(lane, 'the broker closed the channel of a lane', { reason }, messageRefusalIn(closure));
  }

  /** The lane has no channel any more. Of consecutive failures only the first is logged. */
  #onFailed(lane: number, problem: string, fields: { readonly reason?: string }, refusal?: string): void {
    const state = this.#lanes[lane];
    if (state === undefined) return;
    if (state.failures === 0) this.#options.log.warn(problem, { lane, ...fields });
    state.failures += 1;
    this.#options.onLost(lane, refusal);
    this.#openLater(lane);
  }

  #openLater(lane: number): void {
    const connection = this.#connections;
    const failures = this.#lanes[lane]?.failures ?? 0;
    const wait = failures <= 1 ? 0 : Math.min(MAX_REOPEN_DELAY_MS, MIN_REOPEN_DELAY_MS * 2 ** failures);
    this.#clock.after(wait, () => {
      if (connection !== this.#connections || this.#connection.state() === 'unreachable') return;
      this.#openLane(lane).catch(() => {
        const state = this.#lanes[lane];
        if (state !== undefined) state.failures += 1;
        this.#openLater(lane);
      });
    });
  }

  #lose(): void {
    this.#lanes.forEach((state, lane) => {
      state.channel = undefined;
      this.#options.onLost(lane, undefined);
    });
  }
}
