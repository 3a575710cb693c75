import { type DeadLetterQueue, type UnackedDeadLetter } from './dead-letter-queue';

const NOTHING = Buffer.alloc(0);

/** The result of a discard, checked afterwards. A dead letter of which a crash left two copies counts twice. */
export interface Discarded {
  readonly discarded: number;
  /** Ids that are still in the queue: the broker did not apply all removals. */
  readonly left: readonly string[];
}

/** Removes dead letters permanently. @throws BrokerUnavailable, DeadLetterQueueBusy */
export async function discard(queue: DeadLetterQueue, ids: ReadonlySet<string>): Promise<Discarded> {
  const matching: UnackedDeadLetter['delivery'][] = [];
  const collect = ({ deadLetter, delivery }: UnackedDeadLetter) => {
    // Without the body, because there may be many.
    if (ids.has(deadLetter.id)) matching.push({ ...delivery, content: NOTHING });
  };
  await queue.visitAll(collect, (remover) => {
    for (const delivery of matching) remover.remove(delivery);
    return Promise.resolve();
  });
  const left = await queue.find(ids);
  return { discarded: matching.length - left.length, left };
}
