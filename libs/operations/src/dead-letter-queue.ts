import { type DeadLetter, deadLetterOf, hasReplyCode, type LaneGroup } from '@pdaltagent/messaging';
import { type Clock, delay, every } from '@pdaltagent/clock';
import { type Channel, type ConsumeMessage } from 'amqplib';
import { acksApplied } from './acks-applied';
import { type BrokerClient, BrokerUnavailable } from './broker-client';

/** Someone else is reading the dead-letter queue. */
export class DeadLetterQueueBusy extends Error {
  constructor(detail: string) {
    super(`the dead-letter queue is in use: ${detail}`);
    this.name = 'DeadLetterQueueBusy';
  }
}

/** A dead letter that is held unacknowledged. */
export interface UnackedDeadLetter {
  readonly deadLetter: DeadLetter;
  readonly delivery: ConsumeMessage;
}

/** Removes dead letters from the queue while they are held. */
export interface DeadLetterRemover {
  /** The tag is in the delivery's fields: all that a visitor of very many has to keep of each. */
  remove(deliveryTag: number): void;
}

const NOTHING = Buffer.alloc(0);

/** The most messages that AMQP lets a consumer hold unacknowledged: a 16-bit number. */
const PREFETCH = 65_535;
/** RabbitMQ requeues in the order of the consumer tags; 3.10 keeps up to 32 of them sorted. */
const MAX_CONSUMERS = 32;
const RECHECK_MS = 100;
const GIVE_UP_AFTER_MS = 5_000;
/** The broker needs many seconds to find tens of thousands of scattered acks among the messages it delivered. */
const APPLIED_WITHIN_MS = 60_000;

/**
 * The dead-letter queue of a lane group. A visit consumes all messages at once and requeues them all: a quorum queue
 * puts a returned message after those returned before, so that visiting only the first few would change their order.
 */
export class DeadLetterQueue {
  readonly #client: BrokerClient;
  readonly #laneGroup: LaneGroup;

  private constructor(client: BrokerClient, laneGroup: LaneGroup) {
    this.#client = client;
    this.#laneGroup = laneGroup;
  }

  /**
   * Waits up to 5 s for another command that reads the queue. The lock ends with the connection.
   * @throws DeadLetterQueueBusy
   */
  static async open(client: BrokerClient, laneGroup: LaneGroup): Promise<DeadLetterQueue> {
    const { clock } = client;
    const deadline = clock.monotonic() + GIVE_UP_AFTER_MS;
    while (!(await lock(client, laneGroup))) {
      if (clock.monotonic() > deadline) {
        throw new DeadLetterQueueBusy(
          'another pdaltagent command, or the worker that deletes old ones, is reading it; try again in a moment',
        );
      }
      await delay(clock, RECHECK_MS);
    }
    return new DeadLetterQueue(client, laneGroup);
  }

  /** The number of dead letters. */
  async count(): Promise<number> {
    const state = await this.#whenNotConsumed();
    return state?.waiting ?? 0;
  }

  /** Which of these ids are in the queue; an id with several copies is listed as often. */
  async find(ids: ReadonlySet<string>): Promise<readonly string[]> {
    const found: string[] = [];
    await this.visitAll(({ deadLetter: { id } }) => {
      if (ids.has(id)) found.push(id);
    });
    return found;
  }

  /**
   * Visits every dead letter, oldest first, then lets `act` remove some while all are held. Those that arrive
   * meanwhile are not visited. Only the visitor keeps anything, so that a queue of any length needs little memory.
   * @returns whether the broker is known to have removed what was to be removed; if it is not, a later visit shows what is left
   * @throws BrokerUnavailable, DeadLetterQueueBusy; whatever was not removed is back in its place
   */
  async visitAll(
    visit: (held: UnackedDeadLetter) => void,
    act?: (remover: DeadLetterRemover) => Promise<void>,
  ): Promise<boolean> {
    const state = await this.#whenNotConsumed();
    if (state === undefined || state.waiting === 0) return true;
    const channel = await this.#client.channel();
    let first: ConsumeMessage | undefined;
    let removed = 0;
    let isApplied = true;
    const visitNext = (held: UnackedDeadLetter): void => {
      first ??= { ...held.delivery, content: NOTHING };
      visit(held);
    };
    const remove = (deliveryTag: number): void => {
      if (first === undefined) return;
      channel.ack({ ...first, fields: { ...first.fields, deliveryTag } });
      removed += 1;
    };
    try {
      await this.#takeAll(channel, Math.min(state.waiting, MAX_CONSUMERS * PREFETCH), visitNext);
      await act?.({ remove });
    } finally {
      if (removed > 0) isApplied = await this.#waitUntilApplied(channel);
      // Closing the channel requeues the rest.
      await this.#client.withTimeout(channel.close()).catch(() => undefined);
    }
    return isApplied;
  }

  /** Waits until the removals are applied. @returns whether they are known to be */
  #waitUntilApplied(channel: Channel): Promise<boolean> {
    return this.#client.withTimeout(acksApplied(channel, this.#laneGroup.deadLetters), APPLIED_WITHIN_MS).then(
      () => true,
      () => false,
    );
  }

  async #takeAll(channel: Channel, count: number, visit: (held: UnackedDeadLetter) => void): Promise<void> {
    let received = 0;
    const tags = Array.from(
      { length: Math.ceil(count / PREFETCH) },
      (_, index) => `look-${String(index).padStart(2, '0')}`,
    );
    const taking = new Promise<void>((resolve, reject) => {
      const fail = (detail: string) => reject(new BrokerUnavailable(detail));
      const take = (delivery: ConsumeMessage | null): void => {
        if (delivery === null) return fail('the queue of dead letters was deleted');
        if (received === count) return;
        received += 1;
        visit({ deadLetter: deadLetterOf(delivery), delivery });
        if (received === count) resolve();
      };
      channel.once('close', () => fail('the channel was closed'));
      // All without waiting in between: if this command is killed here, the order of the queue is still intact.
      channel.prefetch(PREFETCH).catch(reject);
      for (const consumerTag of tags) channel.consume(this.#laneGroup.deadLetters, take, { consumerTag }).catch(reject);
    });
    await whileProgressing(this.#client.clock, taking, () => received);
    // From here on a new dead letter must not fill the place of a removed one.
    await this.#client.withTimeout(Promise.all(tags.map((tag) => channel.cancel(tag))));
  }

  /** The queue's state once everything that a previous command held is requeued; undefined if there is no queue. */
  async #whenNotConsumed() {
    const { clock } = this.#client;
    const deadline = clock.monotonic() + GIVE_UP_AFTER_MS;
    for (;;) {
      const state = await this.#client.stateOf(this.#laneGroup.deadLetters);
      if (state === undefined || state.consumers === 0) return state;
      if (clock.monotonic() > deadline)
        throw new DeadLetterQueueBusy(`another program is consuming ${this.#laneGroup.deadLetters}`);
      await delay(clock, RECHECK_MS);
    }
  }
}

/** Waits for the promise while the count keeps growing. @throws BrokerUnavailable */
async function whileProgressing(clock: Clock, promise: Promise<void>, count: () => number): Promise<void> {
  let before = count();
  let stop = (): void => undefined;
  const stalled = new Promise<never>((_resolve, reject) => {
    stop = every(clock, GIVE_UP_AFTER_MS, () => {
      if (count() === before) reject(new BrokerUnavailable('it stopped sending dead letters'));
      before = count();
    });
  });
  try {
    await Promise.race([promise, stalled]);
  } finally {
    stop();
  }
}

/** An exclusive queue serves as the lock: the broker deletes it with the connection. */
async function lock(client: BrokerClient, laneGroup: LaneGroup): Promise<boolean> {
  const channel = await client.channel();
  try {
    await client.withTimeout(
      channel.assertQueue(`${laneGroup.deadLetters}.in-use`, { exclusive: true, durable: false }),
    );
    await client.withTimeout(channel.close());
    return true;
  } catch (error) {
    // 405: locked by another connection.
    if (hasReplyCode(error, 405)) return false;
    throw error;
  }
}
