import { type DeadLetterQueue, type UnackedDeadLetter } from './dead-letter-queue';

const NOTHING = Buffer.alloc(0);

/** What a discard came to, looked up afterwards. A letter of which a crash left two copies counts twice. */
export interface Discarded {
  readonly gone: number;
  /** Ids of those that were to go and are there still: the broker did not take all removals. */
  readonly left: readonly string[];
}

/** Removes letters for good. @throws BrokerUnavailable, DeadLetterQueueBusy */
export async function discard(shelf: DeadLetterQueue, ids: ReadonlySet<string>): Promise<Discarded> {
  const doomed: UnackedDeadLetter['delivery'][] = [];
  const collect = ({ letter, delivery }: UnackedDeadLetter) => {
    // Without the body, for there may be many.
    if (ids.has(letter.id)) doomed.push({ ...delivery, content: NOTHING });
  };
  await shelf.look(collect, (hold) => {
    for (const delivery of doomed) hold.remove(delivery);
    return Promise.resolve();
  });
  const left = await shelf.find(ids);
  return { gone: doomed.length - left.length, left };
}
