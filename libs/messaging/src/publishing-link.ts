import { type ChannelModel, type ConfirmChannel, type Options } from 'amqplib';
import { type Log } from './log';
import { type OutgoingMessage, toProperties } from './message';
import { Session } from './session';
import { declareTopology, type Family, laneKey, laneOfMessage, type QueueType } from './topology';

/** What the broker said of a message: it has it durably, no queue took it, or it would not have it. */
export type Settlement = 'confirmed' | 'returned' | 'refused';

export interface PublishingLinkOptions {
  readonly url: string;
  readonly name: string;
  readonly family: Family;
  readonly queueType: QueueType;
  readonly log: Log;
  /** A new connection is ready for messages. */
  readonly opened?: () => void;
  /** The connection is gone: nothing that was sent over it and not settled ever will be. */
  readonly lost: () => void;
  /** The broker takes nothing for now: it is short of memory or disk. What was sent is settled later. */
  readonly blocked: () => void;
  readonly unblocked?: () => void;
}

/** One connection for publishing, which comes back by itself. Every message is settled, or lost with its connection. */
export class PublishingLink {
  readonly #options: PublishingLinkOptions;
  readonly #session: Session;
  readonly #returned = new Set<string>();
  readonly #headers = new SharedHeaders();
  #channel: ConfirmChannel | undefined;
  #blocked = false;
  #redeclare: () => void = () => undefined;

  constructor(options: PublishingLinkOptions) {
    this.#options = options;
    this.#session = new Session({
      url: options.url,
      name: options.name,
      log: options.log,
      open: (connection) => this.#open(connection),
      lost: () => this.#lose(this.#channel),
      blocked: (reason) => {
        this.#blocked = true;
        options.log.warn('the broker takes no messages', { reason });
        options.blocked();
      },
      unblocked: () => {
        this.#blocked = false;
        options.log.info('the broker takes messages again');
        options.unblocked?.();
      },
    });
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#session.start();
  }

  state(): 'connected' | 'blocked' | 'away' {
    if (this.#channel === undefined) return 'away';
    return this.#blocked ? 'blocked' : 'connected';
  }

  /** Sends a message to the lane of its routing key; false where there is no connection. */
  publish(message: OutgoingMessage, settle: (settlement: Settlement) => void): boolean {
    const { family } = this.#options;
    const lane = laneKey(laneOfMessage(family, message));
    const properties = toProperties(message);
    this.#headers.write(properties.headers);
    properties.headers = this.#headers.values;
    return this.send({ exchange: family.exchange, routingKey: lane }, message.body, properties, settle);
  }

  /** Sends anything, by exchange and routing key; false where there is no connection, and then it is never settled. */
  send(
    to: { readonly exchange: string; readonly routingKey: string },
    body: Buffer,
    properties: Options.Publish,
    settle: (settlement: Settlement) => void,
  ): boolean {
    const channel = this.#channel;
    if (channel === undefined) return false;
    const id = String(properties.messageId);
    const confirmed = (error: unknown) => {
      // A channel that ends calls this for all it had: they are lost, not refused.
      if (channel !== this.#channel) return;
      // A message that no queue took is returned and then confirmed all the same.
      const wasReturned = this.#returned.size > 0 && this.#returned.delete(id);
      if (wasReturned) this.#redeclare();
      settle(wasReturned ? 'returned' : error ? 'refused' : 'confirmed');
    };
    try {
      const options = properties.mandatory === undefined ? { mandatory: true, ...properties } : properties;
      channel.publish(to.exchange, to.routingKey, body, options, confirmed);
      return true;
    } catch {
      // The channel closed a moment ago and its event has not come yet.
      return false;
    }
  }

  /** Closes the connection, once what was sent over it has been routed, and opens another. */
  renew(): void {
    this.#session.reconnect();
  }

  async close(): Promise<void> {
    await this.#session.close();
  }

  async #open(connection: ChannelModel): Promise<void> {
    const { family, queueType, log, opened } = this.#options;
    const channel = await connection.createConfirmChannel();
    channel.on('error', (error) => log.error('publishing channel failed', { error: error.message }));
    channel.on('close', () => this.#lose(channel));
    channel.on('return', (message) => this.#returned.add(String(message.properties.messageId)));
    await declareTopology(connection, family, queueType);
    this.#redeclare = redeclaration(connection, this.#options);
    this.#channel = channel;
    opened?.();
  }

  #lose(channel: ConfirmChannel | undefined): void {
    if (channel === undefined || channel !== this.#channel) return;
    this.#channel = undefined;
    this.#blocked = false;
    this.#returned.clear();
    this.#options.lost();
    this.#session.reconnect();
  }
}

/**
 * One object for the headers of all messages, which are encoded as soon as they are published. amqplib makes the headers it
 * is given the prototype of an object of its own, and V8 pays for every new prototype: a quarter of what publishing costs.
 */
class SharedHeaders {
  readonly values: Record<string, unknown> = {};

  write(headers: unknown): void {
    for (const name in this.values) this.values[name] = undefined;
    Object.assign(this.values, headers);
  }
}

/** A queue was deleted under us: declares everything again, once at a time, so that the next attempt finds it. */
function redeclaration(connection: ChannelModel, { family, queueType, log }: PublishingLinkOptions): () => void {
  let running = false;
  return () => {
    if (running) return;
    running = true;
    log.error('no queue took a message: declaring the topology again', { exchange: family.exchange });
    declareTopology(connection, family, queueType)
      .catch((error: unknown) => log.error('the topology cannot be declared', { error }))
      .finally(() => (running = false));
  };
}
