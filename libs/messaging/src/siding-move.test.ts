import fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { moveInOrder } from './siding-move';

interface Message {
  readonly orderKey: string;
  readonly sequence: number;
}

const messages = (keys: readonly string[]): Message[] => keys.map((orderKey, sequence) => ({ orderKey, sequence }));

/** A broker that answers on request. */
class Broker {
  readonly queue: Message[] = [];
  readonly pending = new Map<Message, { readonly confirm: () => void; readonly refuse: () => void }>();

  publish = (message: Message): Promise<void> =>
    new Promise((resolve, reject) => {
      this.pending.set(message, {
        confirm: () => {
          this.queue.push(message);
          resolve();
        },
        refuse: () => reject(new Error('refused')),
      });
    });

  async settle(which: number, result: 'confirm' | 'refuse'): Promise<void> {
    const chosen = [...this.pending][which % this.pending.size];
    if (chosen === undefined) return;
    this.pending.delete(chosen[0]);
    chosen[1][result]();
    await turn();
  }
}

describe('a move to a siding', () => {
  it('has one unconfirmed message per order key, and different order keys concurrently', async () => {
    const broker = new Broker();
    const moved: Message[] = [];
    const all = messages(['a', 'b', 'c', 'a', 'd']);
    const move = moveInOrder(all, { publish: broker.publish, onMoved: (message) => moved.push(message) });
    await turn();
    expect([...broker.pending.keys()]).toEqual(all.slice(0, 3));
    await broker.settle(0, 'confirm');
    expect([...broker.pending.keys()]).toEqual([...all.slice(1, 3), ...all.slice(3)]);
    while (broker.pending.size > 0) await broker.settle(0, 'confirm');
    expect(await move).toEqual([]);
    expect(moved).toHaveLength(5);
  });

  it('never moves an event if the one before it of its alert did not arrive, whatever is refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 40 }),
        fc.array(fc.tuple(fc.nat(), fc.boolean()), { minLength: 1, maxLength: 40 }),
        async (keys, results) => {
          const broker = new Broker();
          const acknowledged: Message[] = [];
          const all = messages(keys);
          let over = false;
          const move = moveInOrder(all, { publish: broker.publish, onMoved: (message) => acknowledged.push(message) });
          const left = move.then((rest) => {
            over = true;
            return rest;
          });
          await turn();
          for (let step = 0; !over; step += 1) {
            const [which, isRefused] = results[step % results.length] ?? [0, false];
            await broker.settle(which, isRefused && step < results.length ? 'refuse' : 'confirm');
          }
          const rest = await left;
          expect(new Set([...acknowledged, ...rest])).toEqual(new Set(all));
          expect(acknowledged).toEqual(broker.queue);
          for (const orderKey of new Set(keys)) {
            const accepted = all.filter((message) => message.orderKey === orderKey);
            const arrived = broker.queue.filter((message) => message.orderKey === orderKey);
            expect([...arrived, ...rest.filter((message) => message.orderKey === orderKey)]).toEqual(accepted);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
