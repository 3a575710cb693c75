import { writeRecord } from '@pdaltagent/messaging';
import { SpoolError, type SpoolSource, type StoredEntry } from '@pdaltagent/spool';
import { type RecordedLine, recordingLogger } from '@pdaltagent/testing';
import { SpoolReader } from './spool-reader';

const LANE = 3;

/** A spool with one entry of the lane, which cannot be read while its disk fails. */
function failingSource(): SpoolSource & { isFailing: boolean } {
  return {
    folder: '/spool/lanes/0',
    entries: 1,
    bytes: 1,
    openings: 1,
    isFailing: true,
    entriesOf: () => 1,
    bytesOf: () => 1,
    read() {
      return this.isFailing ? Promise.reject(new SpoolError('failing')) : Promise.resolve([]);
    },
    erase: () => undefined,
    owesPurge: false,
    owePurge: () => Promise.resolve(),
    purge: () => Promise.resolve(),
    settlePurge: () => Promise.resolve(),
    oldestSequence() {
      return this.isFailing ? Promise.reject(new SpoolError('failing')) : Promise.resolve(7);
    },
    close: () => Promise.resolve(),
  };
}

describe('a spool that cannot be read', () => {
  const source = failingSource();
  const log: RecordedLine[] = [];
  const events = new SpoolReader({
    log: recordingLogger(log),
    erase: () => undefined,
    isErased: () => false,
    quarantine: () => Promise.resolve(false),
  });

  it('is logged once, however often reads fail, and again only after a successful read', async () => {
    for (let tick = 0; tick < 10; tick += 1) expect(await events.read(source, LANE, 0)).toEqual([]);
    expect(log).toHaveLength(1);
    source.isFailing = false;
    await events.read(source, LANE, 0);
    source.isFailing = true;
    await events.read(source, LANE, 0);
    expect(log).toHaveLength(2);
  });

  it('has an oldest event of unknown age', async () => {
    expect(await events.oldestSequence(source)).toBeNaN();
    source.isFailing = false;
    expect(await events.oldestSequence(source)).toBe(7);
  });
});

const EVENT = {
  id: 'a',
  type: 'v2',
  routingKey: '01234567890123456789012345678901',
  orderKey: 'a',
  contentType: 'application/json',
  receivedAt: 1_700_000_000_000,
} as const;
/** A record of a version that does not exist yet. */
const NEWER = Buffer.from([250]);

it('counts entries that a repair of the spool left as remaining, although more were skipped before', async () => {
  let stored: StoredEntry[] = [1, 2, 3].map((sequence) => ({ sequence, bytes: 1, content: NEWER }));
  let openings = 1;
  const source: SpoolSource = {
    ...failingSource(),
    entriesOf: () => stored.length,
    get openings() {
      return openings;
    },
    read: (_lane, after) => Promise.resolve(stored.filter(({ sequence }) => sequence > after)),
  };
  const reader = new SpoolReader({
    log: recordingLogger([]),
    erase: () => undefined,
    isErased: () => false,
    quarantine: () => Promise.resolve(false),
  });
  expect(await reader.read(source, LANE, 0)).toEqual([]);
  expect(reader.remaining(source, LANE)).toBe(0);

  // The repair lost two of them; two events were spooled since.
  const record = writeRecord({ ...EVENT, body: Buffer.from('{}') });
  stored = [stored[0], ...[4, 5].map((sequence) => ({ sequence, bytes: record.length, content: record }))].flatMap(
    (entry) => entry ?? [],
  );
  openings += 1;
  expect(reader.remaining(source, LANE)).toBe(3);
  expect((await reader.read(source, LANE, 0)).map(({ sequence }) => sequence)).toEqual([4, 5]);
  expect(reader.remaining(source, LANE)).toBe(2);
});

it.each([
  ['of a newer version', (): StoredEntry => ({ sequence: 1, bytes: 1, content: NEWER })],
  ['that is damaged', (): StoredEntry => ({ sequence: 1, bytes: 1, content: NEWER, isDamaged: true })],
])('an event %s that is erased while it is read does not hide the next event of its lane', async (_which, entryOf) => {
  let stored: StoredEntry[] = [entryOf()];
  let isErased = false;
  const source: SpoolSource = {
    ...failingSource(),
    entriesOf: () => stored.length,
    read: (_lane, after) => Promise.resolve(stored.filter(({ sequence }) => sequence > after)),
  };
  const erase = (): void => {
    stored = [];
    isErased = true;
  };
  const reader = new SpoolReader({
    log: recordingLogger([]),
    erase: () => undefined,
    isErased: (_source, _lane, sequence) => isErased && sequence === 1,
    quarantine: () => {
      erase();
      return Promise.resolve(false);
    },
  });
  const reading = reader.read(source, LANE, 0);
  erase();
  expect(await reading).toEqual([]);
  const record = writeRecord({ ...EVENT, body: Buffer.from('{}') });
  stored = [{ sequence: 2, bytes: record.length, content: record }];
  expect(reader.remaining(source, LANE)).toBe(1);
});
