import { type SpoolSource, type StoredEntry } from '@pdaltagent/spool';
import { SpoolErasures } from './spool-erasures';

const LANE = 7;

/** A spool that counts as the real one does: each erasure, whether or not the entry is there. */
function spoolOf(contents: readonly string[]): SpoolSource & { purged: number; onRead: () => void } {
  const stored = new Map(contents.map((text, index) => [index + 1, Buffer.from(text)]));
  let entries = stored.size;
  return {
    folder: '/spool/lanes/0',
    bytes: 0,
    openings: 1,
    purged: 0,
    onRead: () => undefined,
    get entries() {
      return entries;
    },
    entriesOf: (lane) => (lane === LANE ? entries : 0),
    bytesOf: () => 0,
    read(lane, after, limit) {
      const page: StoredEntry[] = [...stored]
        .filter(([sequence]) => lane === LANE && sequence > after)
        .slice(0, Math.min(2, limit.entries))
        .map(([sequence, content]) => ({ sequence, bytes: content.length, content }));
      return Promise.resolve(page).then((found) => {
        this.onRead();
        return found;
      });
    },
    erase(_lane, sequence) {
      stored.delete(sequence);
      entries -= 1;
    },
    purge() {
      this.purged += 1;
      return Promise.resolve();
    },
    oldestSequence: () => Promise.resolve(undefined),
    close: () => Promise.resolve(),
  };
}

const isAnn = (record: Buffer): boolean => record.includes('ann');
const search = (erasures: SpoolErasures, source: SpoolSource, isDryRun = false, erased: number[] = []) =>
  erasures.search(source, { matches: isAnn, isDryRun, onErased: (_source, _lane, sequence) => erased.push(sequence) });

it('erases what matches, in every page, and purges the spool', async () => {
  const spool = spoolOf(['ann 1', 'bob', 'ann 2', 'bob', 'ann 3']);
  const erased: number[] = [];
  expect(await search(new SpoolErasures(), spool, false, erased)).toEqual({ found: 3, erased: 3 });
  expect([spool.entries, spool.purged, erased]).toEqual([2, 1, [1, 3, 5]]);
});

it('only counts in a dry run', async () => {
  const spool = spoolOf(['ann 1', 'bob']);
  expect(await search(new SpoolErasures(), spool, true)).toEqual({ found: 1, erased: 0 });
  expect([spool.entries, spool.purged]).toEqual([2, 0]);
});

it('an entry that a search has erased is not erased again by a drain that had sent it', async () => {
  const spool = spoolOf(['ann 1', 'bob']);
  const erasures = new SpoolErasures();
  await search(erasures, spool);
  expect([1, 2].map((sequence) => erasures.isErased(spool, LANE, sequence))).toEqual([true, false]);
  erasures.erase(spool, LANE, 1, 5);
  expect(spool.entries).toBe(1);
  erasures.erase(spool, LANE, 2, 3);
  expect(spool.entries).toBe(0);
});

it('an entry that a drain erases while the search reads is not erased again, nor counted', async () => {
  const spool = spoolOf(['ann 1', 'ann 2', 'bob']);
  const erasures = new SpoolErasures();
  let isFirst = true;
  spool.onRead = () => {
    if (isFirst) erasures.erase(spool, LANE, 1, 5);
    isFirst = false;
  };
  expect(await search(erasures, spool)).toEqual({ found: 1, erased: 1 });
  expect(spool.entries).toBe(1);
});
