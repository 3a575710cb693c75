import { type DeadLetterQueue, type UnackedDeadLetter } from './dead-letter-queue';

/** The result of a discard, checked afterwards. A dead letter of which a crash left two copies counts twice. */
export interface Discarded {
  readonly discarded: number;
  /** Ids that are still in the queue: the broker did not apply all removals. */
  readonly left: readonly string[];
}

/** Removes dead letters permanently. @throws BrokerUnavailable, DeadLetterQueueBusy */
export async function discard(queue: DeadLetterQueue, ids: ReadonlySet<string>): Promise<Discarded> {
  const matching: number[] = [];
  const collect = ({ deadLetter, delivery }: UnackedDeadLetter) => {
    if (ids.has(deadLetter.id)) matching.push(delivery.fields.deliveryTag);
  };
  await queue.visitAll(collect, (remover) => {
    for (const tag of matching) remover.remove(tag);
    return Promise.resolve();
  });
  const left = await queue.find(ids);
  return { discarded: matching.length - left.length, left };
}
