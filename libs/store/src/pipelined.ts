import { type ChainableCommander } from 'ioredis';
import { type Store } from './store';

/** Commands per batch, so that Redis answers each well within the command timeout. */
const BATCH = 500;

/** Runs one command per item, in batches; the replies are in the order of the items. @throws StoreError */
export async function pipelined<Item>(
  store: Store,
  items: readonly Item[],
  add: (pipeline: ChainableCommander, item: Item) => ChainableCommander,
): Promise<unknown[]> {
  const replies: unknown[] = [];
  for (let start = 0; start < items.length; start += BATCH) {
    const batch = items.slice(start, start + BATCH);
    const results = await store.run(async (redis) => {
      const executed = await batch.reduce(add, redis.pipeline()).exec();
      return (executed ?? []).map(([error, reply]) => {
        if (error !== null) throw error;
        return reply;
      });
    });
    replies.push(...results);
  }
  return replies;
}
