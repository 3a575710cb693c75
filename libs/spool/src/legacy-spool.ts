import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type LaneOf, LegacyContents } from './legacy-contents';
import { type Log } from './log';
import { legacyKeyOf } from './legacy-key';
import { readEntry } from './record';
import { LEVELDB } from './disk';
import { SpoolFolder } from './spool-folder';
import { StoredLanes } from './stored-lanes';
import { type PageLimit, type SpoolSource, type StoredEntry } from './spool-ports';

/** Entries per read: LevelDB fetches all of them in one blocking call. */
const MAX_READ_ENTRIES = 1_000;

export interface LegacySpoolOptions {
  readonly log: Log;
  readonly laneOf: LaneOf;
  readonly clock?: Clock;
}

/**
 * A folder in the previous release's layout, `<root>/<n>`, whose keys are sequence and size. It is drained in place, so that after a
 * downgrade the previous release still finds what was not sent. Nothing is added to it. Entries that this version cannot read stay.
 */
export class LegacySpool extends StoredLanes<LegacyContents> implements SpoolSource {
  /** Undefined if another process has the folder. @throws Error if the folder cannot be used */
  static async open(
    folder: string,
    { log, laneOf, clock = SYSTEM_CLOCK }: LegacySpoolOptions,
  ): Promise<LegacySpool | undefined> {
    const store = await SpoolFolder.open({
      folder,
      log,
      clock,
      disk: LEVELDB,
      load: (database) => LegacyContents.load(database, laneOf),
    });
    return store === undefined ? undefined : new LegacySpool(store);
  }

  /** Entries that this version cannot read; they are not counted in `entries`. */
  get unrecognized(): number {
    return this.store.contents.unrecognized;
  }

  erase(_lane: number, sequence: number, bytes: number): void {
    this.store.erase(legacyKeyOf(sequence, bytes));
  }

  async read(lane: number, after: number, limit: PageLimit): Promise<StoredEntry[]> {
    const page = await this.store.read(async (database) => {
      const names = this.store.contents
        .lane(lane)
        .page(after, { ...limit, entries: Math.min(limit.entries, MAX_READ_ENTRIES) });
      const values = await database.getMany(names.map(({ sequence, bytes }) => legacyKeyOf(sequence, bytes)));
      return names.flatMap(({ sequence, bytes }, at) => {
        const value = values[at];
        return value === undefined ? [] : [readEntry(sequence, bytes, value)];
      });
    });
    return page ?? [];
  }

  oldestSequence(): Promise<number | undefined> {
    return Promise.resolve(this.store.contents.oldestSequence);
  }
}
