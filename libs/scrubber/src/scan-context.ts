import { TimeLimit } from './time-limit';
import { type Traits, traitsOf } from './traits';

/** What remains for one document. */
export interface Budget {
  /** Calls of the telephone number library. */
  lookups: number;
  /** Keccak hashes. */
  hashes: number;
  readonly time: TimeLimit;
}

/**
 * The budget of a new document. If lookups or hashes are exhausted, candidates are accepted by their shape: more is replaced, never
 * less. If the time is over, texts that have not been scanned are replaced as a whole.
 */
export function newBudget(time = new TimeLimit()): Budget {
  return { lookups: 300, hashes: 25, time };
}

/** Takes one check from the budget. Returns false if it is exhausted. */
export function consume(budget: Budget, what: 'lookups' | 'hashes'): boolean {
  budget[what] -= 1;
  return budget[what] >= 0;
}

/** A text to scan, with its object key and the budget. */
export class ScanContext {
  readonly traits: Traits;
  /** The object key as lower-case words; empty without one. */
  readonly keyWords: string;
  /** The text in lower case, with spaces for `_` and `-`. Computed on first use; empty if its length differs. */
  private lowered: string | undefined;

  constructor(
    readonly text: string,
    readonly key: string,
    readonly budget: Budget,
  ) {
    this.traits = traitsOf(text);
    this.keyWords = key === '' ? '' : wordsOf(key);
  }

  /** Up to `length` characters before `start`, as lower-case words. The object key counts as preceding the text. */
  wordsBefore(start: number, length = 40): string {
    const words = this.words(Math.max(0, start - length), start);
    return start <= length && this.keyWords !== '' ? `${this.keyWords}: ${words}` : words;
  }

  private words(start: number, end: number): string {
    const slice = this.text.slice(start, end);
    if (this.lowered === undefined) {
      const lowered = this.text.replace(/[_-]/g, ' ').toLowerCase();
      this.lowered = lowered.length === this.text.length ? lowered : '';
    }
    return this.lowered === '' || CAMEL_CASE.test(slice) ? wordsOf(slice) : this.lowered.slice(start, end);
  }

  /** Up to `length` characters after `end`, in lower case. */
  after(end: number, length = 20): string {
    return this.text.slice(end, end + length).toLowerCase();
  }
}

const CAMEL_CASE = /[a-z\d][A-Z]/;

/** `customerPhone_no` as `customer phone no`: words in lower case; other characters are kept. */
export function wordsOf(text: string): string {
  return text
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_-]/g, ' ')
    .toLowerCase();
}
