import { type RecordedLine, recordingLogger } from '@pdaltagent/testing';
import { type Fact, type FactContent, type UnknownFact } from './fact';
import { type FactBatch, type ReadOptions } from './fact-batch';
import { Journal, type JournalOptions } from './journal';
import { JournalReader, type JournalReaderOptions } from './journal-reader';

const DAY_MS = 86_400_000;

/** A journal over a real broker. */
export class TestJournal {
  readonly log: RecordedLine[] = [];
  readonly counts = { written: 0, dropped: 0 };
  readonly journal: Journal;

  constructor(url: string, options: Partial<JournalOptions> = {}) {
    this.journal = new Journal({
      url,
      service: 'delivery-worker',
      version: '1.2.3',
      text: 'full',
      limits: { maximumAgeSeconds: 3_600, maximumBytes: 100_000_000 },
      log: recordingLogger(this.log),
      observer: {
        onWritten: (facts) => (this.counts.written += facts),
        onDropped: (facts) => (this.counts.dropped += facts),
        onWaiting: () => undefined,
      },
      ...options,
    });
    this.journal.start();
  }

  record(...numbers: readonly number[]): void {
    for (const number of numbers) this.journal.record(numbered(number));
  }

  warnings(): readonly string[] {
    return this.log.flatMap(({ level, fields }) => (level === 'info' ? [] : [String(fields['error'])]));
  }
}

export function readerOf(url: string, options: Partial<JournalReaderOptions> = {}): JournalReader {
  return new JournalReader({ url, name: 'a test', maximumAgeMs: DAY_MS, ...options });
}

export async function batchesOf(
  reader: JournalReader,
  options: Partial<ReadOptions> = {},
): Promise<readonly FactBatch[]> {
  const batches: FactBatch[] = [];
  for await (const batch of reader.read({ from: 'first', follow: false, ...options })) batches.push(batch);
  return batches;
}

/** A fact with a number, so that its place is seen. */
export function numbered(number: number): FactContent {
  return { kind: 'lane-taken', group: 'events', lane: number };
}

export function numbersIn(batches: readonly FactBatch[]): readonly number[] {
  return batches.flatMap(({ facts }) => facts.flatMap(numberOf));
}

function numberOf(fact: Fact | UnknownFact): readonly number[] {
  return fact.kind === 'lane-taken' ? [fact.lane] : [];
}

export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
