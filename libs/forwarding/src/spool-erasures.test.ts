import { SpoolError, type SpoolSource, type StoredEntry } from '@pdaltagent/spool';
import { SpoolErasures } from './spool-erasures';

const LANE = 7;

/** A spool that counts as the real one does: each erasure, whether or not the entry is there. */
interface TestSpool extends SpoolSource {
  purged: number;
  /** Whether it fails, from the second page on or when it is purged. */
  failing: 'read' | 'purge' | undefined;
  onRead: () => void;
}

function spoolOf(contents: readonly string[]): TestSpool {
  const stored = new Map(contents.map((text, index) => [index + 1, Buffer.from(text)]));
  let entries = stored.size;
  let owesPurge = false;
  return {
    folder: '/spool/lanes/0',
    bytes: 0,
    openings: 1,
    purged: 0,
    failing: undefined,
    get owesPurge() {
      return owesPurge;
    },
    onRead: () => undefined,
    get entries() {
      return entries;
    },
    entriesOf: (lane) => (lane === LANE ? entries : 0),
    bytesOf: () => 0,
    read(lane, after, limit) {
      if (this.failing === 'read' && after > 0) return Promise.reject(new SpoolError('failing'));
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
    owePurge() {
      owesPurge = true;
      return Promise.resolve();
    },
    purge() {
      if (this.failing === 'purge') return Promise.reject(new SpoolError('failing'));
      if (owesPurge) this.purged += 1;
      owesPurge = false;
      return Promise.resolve();
    },
    settlePurge: () => Promise.resolve(),
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
  expect(await search(new SpoolErasures(), spool, false, erased)).toEqual({ found: 3, erased: 3, failures: [] });
  expect([spool.entries, spool.purged, erased]).toEqual([2, 1, [1, 3, 5]]);
});

it('only counts in a dry run', async () => {
  const spool = spoolOf(['ann 1', 'bob']);
  expect(await search(new SpoolErasures(), spool, true)).toEqual({ found: 1, erased: 0, failures: [] });
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
  expect(await search(erasures, spool)).toEqual({ found: 1, erased: 1, failures: [] });
  expect(spool.entries).toBe(1);
});

it('reports what it had erased before the spool failed, which is also removed from the files', async () => {
  const spool = spoolOf(['ann 1', 'ann 2', 'ann 3']);
  spool.failing = 'read';
  const failures = [{ step: 'search', error: new SpoolError('failing') }];
  expect(await search(new SpoolErasures(), spool)).toEqual({ found: 2, erased: 2, failures });
  expect(spool.purged).toBe(1);
});

it('a purge that failed is made up for by the next search, although that finds nothing', async () => {
  const spool = spoolOf(['ann 1', 'bob']);
  const erasures = new SpoolErasures();
  spool.failing = 'purge';
  const failures = [{ step: 'purge', error: new SpoolError('failing') }];
  expect(await search(erasures, spool)).toEqual({ found: 1, erased: 1, failures });
  spool.failing = undefined;
  await search(erasures, spool, true);
  expect(spool.purged).toBe(0);
  expect(await search(erasures, spool)).toEqual({ found: 0, erased: 0, failures: [] });
  expect(spool.purged).toBe(1);
});

it('what is erased although the process ends before the purge is known to the next one', async () => {
  const spool = spoolOf(['ann 1']);
  let owedAtErasure: boolean | undefined;
  await new SpoolErasures().search(spool, {
    matches: isAnn,
    isDryRun: false,
    onErased: () => (owedAtErasure = spool.owesPurge),
  });
  expect(owedAtErasure).toBe(true);
});
