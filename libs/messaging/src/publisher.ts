import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Options } from 'amqplib';
import { type OutgoingMessage, toProperties } from './message';
import { PublishConnection, type PublishConnectionOptions } from './publish-connection';
import { type Publication, type QueuePublisher } from './queue-publisher';
import { laneKey, laneOfMessage } from './topology';

export type PublishFailure =
  'unavailable' | 'blocked' | 'timeout' | 'returned' | 'refused' | 'too-large' | 'unencodable' | 'forbidden';

/** The broker did not confirm a message: it may or may not be queued. */
export class PublishError extends Error {
  readonly code: PublishFailure;

  /** @param detail by default what the code means */
  constructor(code: PublishFailure, detail = EXPLANATIONS[code]) {
    super(detail);
    this.name = 'PublishError';
    this.code = code;
  }
}

/** Retrying does not help for these. */
const PERMANENT_FAILURES: ReadonlySet<PublishFailure> = new Set(['refused', 'too-large', 'unencodable']);

/** Whether the message itself was refused: with its current configuration the broker will never accept it. */
export function isPermanentRefusal(error: unknown): error is PublishError {
  return error instanceof PublishError && PERMANENT_FAILURES.has(error.code);
}

const EXPLANATIONS: Readonly<Record<PublishFailure, string>> = {
  unavailable: 'the broker is unreachable',
  blocked: 'the broker blocks publishing: it is short of memory or disk space',
  timeout: 'the broker did not confirm in time',
  returned: 'the message could not be routed to a queue',
  refused: 'the broker refused the message',
  'too-large': 'the message is larger than max_message_size of the broker',
  forbidden: 'the user of RabbitMQ may not publish to the exchange',
  unencodable: 'the message cannot be encoded: a property or its headers are too long',
};

/** After this long without a confirm a message counts as failed. */
const CONFIRM_TIMEOUT_MS = 10_000;

type PublisherOptions = Omit<PublishConnectionOptions, 'onOpened' | 'onLost' | 'onBlocked' | 'onUnblocked'>;

interface Pending {
  readonly queue: QueuePublisher;
  readonly settle: (failure?: PublishFailure) => void;
}

/** Publishes with confirm: the promise resolves only once the broker has stored the message in a queue. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #clock: Clock;
  readonly #connection: PublishConnection;
  /** By exchange and routing key. */
  readonly #queues = new Map<string, QueuePublisher>();
  readonly #pending = new Map<Publication, Pending>();

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#connection = new PublishConnection({
      ...options,
      onLost: () => this.#failAll('unavailable'),
      onBlocked: () => this.#failAll('blocked'),
    });
  }

  /** Begins to connect; does not wait for the broker. */
  start(): void {
    this.#connection.start();
  }

  state(): 'connected' | 'blocked' | 'unreachable' {
    return this.#connection.state();
  }

  /**
   * Publishes to the lane of the message's routing key.
   * @throws PublishError if it was not confirmed; it may be queued anyway
   */
  publish(message: OutgoingMessage): Promise<void> {
    const { laneGroup } = this.#options;
    const lane = laneKey(laneOfMessage(laneGroup, message));
    return this.send(laneGroup.exchange, lane, message.body, toProperties(message));
  }

  /** Publishes to any exchange and routing key. @throws PublishError */
  send(exchange: string, routingKey: string, body: Buffer, properties: Options.Publish): Promise<void> {
    const state = this.state();
    if (state !== 'connected') return Promise.reject(new PublishError(state === 'blocked' ? state : 'unavailable'));
    return new Promise((resolve, reject) => {
      const settle = (failure?: PublishFailure): void => {
        cancelTimeout();
        this.#pending.delete(publication);
        if (failure === undefined) resolve();
        else reject(new PublishError(failure));
      };
      const publication: Publication = { body, properties, onConfirmed: () => settle(), onRefused: settle };
      const queue = this.#queue(exchange, routingKey);
      const cancelTimeout = this.#clock.after(CONFIRM_TIMEOUT_MS, () => this.#fail([publication], 'timeout'));
      this.#pending.set(publication, { queue, settle });
      queue.send(publication);
    });
  }

  /** Closes the connection. To be called once everything is settled: the rest fails, whether or not it is queued. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  #queue(exchange: string, routingKey: string): QueuePublisher {
    const name = `${exchange} ${routingKey}`;
    const queue = this.#queues.get(name) ?? this.#connection.publisherOf(exchange, routingKey);
    this.#queues.set(name, queue);
    return queue;
  }

  #failAll(failure: PublishFailure): void {
    this.#fail([...this.#pending.keys()], failure);
  }

  /** They are not sent again. */
  #fail(publications: readonly Publication[], failure: PublishFailure): void {
    const withdrawn = new Set(publications);
    const pending = publications.flatMap((publication) => this.#pending.get(publication) ?? []);
    for (const queue of new Set(pending.map((one) => one.queue))) queue.withdraw(withdrawn);
    for (const { settle } of pending) settle(failure);
  }
}
