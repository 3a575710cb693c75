import { type Clock, delay } from '@pdaltagent/clock';
import { type Channel } from 'amqplib';
import { type LaneConsumer } from './lane-consumer';
import { type LaneDepths } from './lane-depths';
import { type LaneOwner } from './lane-owner';

/** How long nothing is delivered although it should be before the queue is asked. */
const STARVED_AFTER_MS = 9_000;
/** What a queue delivers as soon as it is available again arrives within this time after its reply. */
const DELIVERED_WITHIN_MS = 1_000;

type DueConsumer = Pick<LaneConsumer, 'queue' | 'isDue' | 'receivedAt'>;

interface Owner extends Pick<LaneOwner, 'renewStarved'> {
  readonly consumers: readonly DueConsumer[];
}

export interface StarvationOptions {
  readonly lanes: { readonly indices: readonly number[]; readonly owners: readonly Owner[] };
  readonly depths: Pick<LaneDepths, 'refresh' | 'in'>;
  /** Which of the queues are available. */
  readonly answering: (queues: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly clock: Clock;
}

interface OwnedConsumer {
  readonly owner: Owner;
  readonly consumer: DueConsumer;
}

/**
 * Renews a lane if the broker delivers nothing of it, or of a siding, although messages wait, the window has room, and the
 * queue is available.
 *
 * That is so for as long as a channel exists if its node lost the queue's leader for a moment: 32 acks that are lost
 * meanwhile keep the channel's client of the queue from sending any further one (RabbitMQ 3.10.8, `soft_limit` in
 * `rabbit_fifo_client.erl`; measured with three nodes). If another worker has the lane by now, subscribing again changes
 * nothing: a consumer that never received anything is left alone.
 */
export class Starvation {
  readonly #options: StarvationOptions;
  /** The first check since its last delivery at which it should have received something: on the monotonic clock. */
  readonly #dueSince = new WeakMap<DueConsumer, number>();
  #isChecking = false;

  constructor(options: StarvationOptions) {
    this.#options = options;
  }

  /** Queries the depths of the lanes, and renews those that are starved; does nothing while an earlier check goes on. */
  async check(control: Channel | undefined): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    const { lanes, depths } = this.#options;
    try {
      await depths.refresh(control, lanes.indices);
      const consumers = lanes.owners.flatMap((owner) => owner.consumers.map((consumer) => ({ owner, consumer })));
      for (const { consumer } of consumers) this.#observe(consumer);
      const starved = consumers.filter(({ consumer }) => this.#isStarved(consumer));
      if (starved.length > 0) await this.#renewAvailable(starved);
    } finally {
      this.#isChecking = false;
    }
  }

  /** Those whose queues are unavailable are asked again at the next check. */
  async #renewAvailable(starved: readonly OwnedConsumer[]): Promise<void> {
    const { answering, clock } = this.#options;
    const asked = this.#now;
    // If the broker is unreachable, the lanes are lost anyway.
    const available = await answering(starved.map(({ consumer }) => consumer.queue)).catch(() => new Set());
    await delay(clock, DELIVERED_WITHIN_MS);
    for (const { owner, consumer } of starved)
      if (available.has(consumer.queue) && consumer.isDue && (consumer.receivedAt ?? asked) < asked)
        owner.renewStarved(consumer.queue);
  }

  #observe(consumer: DueConsumer): void {
    const { queue, receivedAt, isDue } = consumer;
    const since = this.#dueSince.get(consumer);
    if (receivedAt === undefined || !isDue || this.#options.depths.in(queue) === 0) this.#dueSince.delete(consumer);
    else if (since === undefined || receivedAt > since) this.#dueSince.set(consumer, this.#now);
  }

  #isStarved(consumer: DueConsumer): boolean {
    const since = this.#dueSince.get(consumer);
    return since !== undefined && this.#now - since >= STARVED_AFTER_MS;
  }

  get #now(): number {
    return this.#options.clock.monotonic();
  }
}
