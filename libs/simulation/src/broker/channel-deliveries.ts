import { type Queue } from './queue';
import { type QueueConsumer } from './queue-consumers';

export interface Delivery {
  readonly queue: Queue;
  readonly consumer: QueueConsumer;
  /** Its number in the queue. */
  readonly number: number;
  readonly deliveredAt: number;
}

/** What a channel has delivered and its client has not settled. */
export class ChannelDeliveries {
  readonly #unacked = new Map<number, Delivery>();
  #count = 0;

  get oldest(): Delivery | undefined {
    const [oldest] = this.#unacked.values();
    return oldest;
  }

  /** @returns the delivery tag */
  add(delivery: Delivery): number {
    this.#count += 1;
    if (!delivery.consumer.noAck) this.#unacked.set(this.#count, delivery);
    return this.#count;
  }

  /**
   * Settles one delivery, or all up to it.
   * @returns the deliveries of each consumer, or the tag that is not known
   */
  settle(tag: number, isMultiple: boolean): ReadonlyMap<QueueConsumer, readonly Delivery[]> | number {
    const tags = isMultiple ? [...this.#unacked.keys()].filter((each) => each <= tag) : [tag];
    const settled = new Map<QueueConsumer, Delivery[]>();
    for (const each of tags) {
      const delivery = this.#unacked.get(each);
      if (delivery === undefined) return each;
      this.#unacked.delete(each);
      const others = settled.get(delivery.consumer);
      if (others === undefined) settled.set(delivery.consumer, [delivery]);
      else others.push(delivery);
    }
    return settled;
  }
}
