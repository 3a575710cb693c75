import { type Contents, type SpoolFolder } from './spool-folder';

/** The contents of a folder, lane by lane. */
export interface LaneCounts extends Contents {
  entriesOf(lane: number): number;
  bytesOf(lane: number): number;
}

/** What a spool knows of its folder, in either layout. */
export abstract class StoredLanes<Counts extends LaneCounts> {
  protected readonly store: SpoolFolder<Counts>;

  protected constructor(store: SpoolFolder<Counts>) {
    this.store = store;
  }

  get folder(): string {
    return this.store.path;
  }

  get entries(): number {
    return this.store.contents.entries;
  }

  get bytes(): number {
    return this.store.contents.bytes;
  }

  get openings(): number {
    return this.store.openings;
  }

  entriesOf(lane: number): number {
    return this.store.contents.entriesOf(lane);
  }

  bytesOf(lane: number): number {
    return this.store.contents.bytesOf(lane);
  }

  get owesPurge(): boolean {
    return this.store.purgeDebt.isOwed;
  }

  owePurge(): Promise<void> {
    return this.store.purgeDebt.owe();
  }

  purge(): Promise<void> {
    return this.store.purgeDebt.settle();
  }

  settlePurge(): Promise<void> {
    return this.store.purgeDebt.settleOrLog();
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
