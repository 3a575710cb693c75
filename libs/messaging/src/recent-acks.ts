import { type ConsumeMessage } from 'amqplib';

/** Enough messages to notice that their acknowledgements were lost: after 32 that were, RabbitMQ takes no further one of the channel. */
const REMEMBERED = 512;

/** The last messages that a channel has acknowledged: one that is delivered again shows that its acknowledgement was lost. */
export class RecentAcks {
  readonly #ids = new Set<string>();

  add(queue: string, delivery: ConsumeMessage): void {
    this.#ids.add(idOf(queue, delivery));
    const [oldest] = this.#ids;
    if (this.#ids.size > REMEMBERED && oldest !== undefined) this.#ids.delete(oldest);
  }

  /** Whether the delivery is one of a message that was acknowledged. */
  wereLost(queue: string, delivery: ConsumeMessage): boolean {
    return delivery.fields.redelivered && this.#ids.has(idOf(queue, delivery));
  }
}

function idOf(queue: string, { properties }: ConsumeMessage): string {
  return `${queue} ${String(properties.messageId)}`;
}
