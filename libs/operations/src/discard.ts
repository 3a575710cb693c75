import { type DeadLetter } from '@pdaltagent/messaging';
import { type DeadLetterQueue, type UnackedDeadLetter } from './dead-letter-queue';

/** The result of a discard, checked afterwards. A dead letter of which a crash left two copies counts twice. */
export interface Discarded {
  readonly discarded: number;
  /** The ids of those that are gone, each once. */
  readonly gone: readonly string[];
  /** Ids that are still in the queue: the broker did not apply all removals. */
  readonly left: readonly string[];
}

/** Removes dead letters permanently. @throws BrokerUnavailable, DeadLetterQueueBusy */
export function discard(queue: DeadLetterQueue, ids: ReadonlySet<string>): Promise<Discarded> {
  return discardMatching(queue, ({ id }) => ids.has(id));
}

/**
 * Removes dead letters that match permanently, and no others of their ids. Whatever ends it early, the broker returns all that were not
 * removed to their places. @throws BrokerUnavailable, DeadLetterQueueBusy
 * @param onRemoving called with the number of those that match, before they are removed: what ends it later cannot say what became of them
 */
export async function discardMatching(
  queue: DeadLetterQueue,
  matches: (deadLetter: DeadLetter) => boolean,
  onRemoving: (count: number) => void = () => undefined,
): Promise<Discarded> {
  const matching: number[] = [];
  const ids = new Set<string>();
  const collect = ({ deadLetter, delivery }: UnackedDeadLetter) => {
    if (!matches(deadLetter)) return;
    matching.push(delivery.fields.deliveryTag);
    ids.add(deadLetter.id);
  };
  await queue.visitAll(collect, (remover) => {
    onRemoving(matching.length);
    for (const tag of matching) remover.remove(tag);
    return Promise.resolve();
  });
  const left: string[] = [];
  await queue.visitAll(({ deadLetter }) => {
    if (matches(deadLetter)) left.push(deadLetter.id);
  });
  const isLeft = new Set(left);
  return { discarded: matching.length - left.length, gone: [...ids].filter((id) => !isLeft.has(id)), left };
}
