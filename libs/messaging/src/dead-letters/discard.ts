import { type HeldLetter, type Shelf } from './shelf';

const NOTHING = Buffer.alloc(0);

/** Removes letters for good. @returns how many there were; a letter of which a crash left two copies counts twice */
export async function discard(shelf: Shelf, ids: ReadonlySet<string>): Promise<number> {
  const doomed: HeldLetter['delivery'][] = [];
  const collect = ({ letter, delivery }: HeldLetter) => {
    // Without the body, for there may be many.
    if (ids.has(letter.id)) doomed.push({ ...delivery, content: NOTHING });
  };
  await shelf.look(collect, (hold) => {
    for (const delivery of doomed) hold.remove(delivery);
    return Promise.resolve();
  });
  return doomed.length;
}
