import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createScrubber } from './scrubber';

interface Row {
  readonly id: string;
  readonly text: string;
  readonly key?: string;
  readonly spans: readonly { readonly start: number; readonly end: number; readonly type: string }[];
}

/** Placeholder names by the corpus's type names. */
const KINDS: Readonly<Record<string, readonly string[]>> = {
  EMAIL_ADDRESS: ['EMAIL_ADDRESS'],
  PHONE_NUMBER: ['PHONE', 'PHONE_WITH_EXT'],
  CREDIT_CARD: ['CREDIT_CARD'],
  US_SSN: ['SSN_NUMBER'],
  IBAN: ['IBAN'],
  NATIONAL_ID: ['NATIONAL_ID'],
  STREET_ADDRESS: ['STREET_ADDRESS'],
  PO_BOX: ['PO_BOX'],
  CRYPTO_ADDRESS: ['BTC_ADDRESS', 'CRYPTO_ADDRESS'],
  SECRET: ['SECRET'],
};

const rows = readFileSync(path.join(__dirname, '../fixtures/corpus.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row);
const scrubber = createScrubber();

describe('the labelled texts', () => {
  it.each(rows.map((row) => [row.text, row] as const))('%j: exactly what is labelled is found', (_, row) => {
    const expected = row.spans.map(({ start, end, type }) => ({
      text: row.text.slice(start, end),
      kinds: KINDS[type] ?? [],
    }));
    const found = scrubber
      .explain(row.text, row.key)
      .map(({ start, end, kind }) => ({ text: row.text.slice(start, end), kind }));
    expect(found.map(({ text }) => text)).toEqual(expected.map(({ text }) => text));
    found.forEach(({ kind }, index) => expect(expected[index]?.kinds).toContain(kind));
  });
});
