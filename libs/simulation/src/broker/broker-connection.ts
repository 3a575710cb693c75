import { BrokerChannel, type ChannelEvents } from './broker-channel';
import { type BrokerState } from './broker-state';
import { type Queue } from './queue';
import { type ReplyCode } from './reply-code';

/** What a channel sends to its client, and the connection to its own. */
export interface ConnectionEvents {
  blocked(): void;
  unblocked(): void;
  /** The broker closes the connection. */
  closed(code: ReplyCode, reason: string): void;
  /** The broker resets the connection. */
  reset(): void;
}

/**
 * The broker's side of a connection: reads frames in order, as long as nothing keeps it from reading. An alarm does, once
 * the connection publishes; so does a channel that has used up its credit.
 */
export class BrokerConnection {
  readonly #state: BrokerState;
  readonly #events: ConnectionEvents;
  readonly #unread: (() => void)[] = [];
  readonly #channels = new Set<BrokerChannel>();
  #isBlocked = false;
  #isClosing = false;
  #hasEnded = false;

  /** @param name whose it is, for the trace @param node the node that it is made to */
  constructor(
    state: BrokerState,
    readonly name: string,
    readonly node: number,
    events: ConnectionEvents,
  ) {
    this.#state = state;
    this.#events = events;
  }

  /** A frame arrived. */
  receive(read: () => void): void {
    this.#unread.push(read);
    this.#read();
  }

  openChannel(events: ChannelEvents): BrokerChannel {
    const channel = new BrokerChannel(this.#state, events, {
      connection: this,
      client: this.name,
      node: this.node,
      published: () => this.#published(),
      credited: () => this.#read(),
      ended: (ended) => this.#channels.delete(ended),
      failed: (code, reason) => this.#fail(code, reason),
    });
    this.#channels.add(channel);
    this.#state.channelsOpened += 1;
    return channel;
  }

  alarmChanged(): void {
    if (this.#state.isAlarmed || !this.#isBlocked) return;
    this.#isBlocked = false;
    this.#events.unblocked();
    this.#read();
  }

  /** Whether it has a consumer of the queue that was active, and is not any more although it has not ended. */
  isDemoted(queue: Queue): boolean {
    return [...this.#channels].some((channel) => queue.state.isDemoted(channel));
  }

  /** Whether it has the active consumer of the queue. */
  isActive(queue: Queue): boolean {
    return [...this.#channels].some((channel) => queue.state.isActive(channel));
  }

  /** Whether frames that arrived are not read yet. */
  get hasUnread(): boolean {
    return !this.#hasEnded && this.#unread.length > 0;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The client closes it: that is answered once all channels have ended, of which some wait for a queue. */
  close(closed: () => void): void {
    this.#isClosing = true;
    const endOnceClosed = (): void => {
      if (this.#hasEnded || this.#channels.size > 0) return;
      this.end();
      closed();
    };
    for (const channel of [...this.#channels]) channel.close(endOnceClosed);
    endOnceClosed();
  }

  /** It breaks, or was closed: ends its channels and deletes its exclusive queues. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const channel of [...this.#channels]) channel.disconnect();
    const { exchanges } = this.#state;
    for (const queue of [...exchanges.queues.values()])
      if (queue.options.exclusiveTo === this) exchanges.deleteQueue(queue);
  }

  /** Its node ends, and with it all of its channels, also those that wait for a queue. */
  kill(): void {
    for (const channel of [...this.#channels]) channel.end();
    this.end();
  }

  #fail(code: ReplyCode, reason: string): void {
    this.end();
    if (this.#isClosing) this.#events.reset();
    else this.#events.closed(code, reason);
  }

  #read(): void {
    while (!this.#hasEnded && !this.#isBlocked && !this.#isOutOfCredit) {
      const read = this.#unread.shift();
      if (read === undefined) return;
      read();
    }
  }

  get #isOutOfCredit(): boolean {
    for (const channel of this.#channels) if (channel.isOutOfCredit) return true;
    return false;
  }

  #published(): void {
    if (!this.#state.isAlarmed || this.#isBlocked) return;
    this.#isBlocked = true;
    this.#events.blocked();
  }
}
