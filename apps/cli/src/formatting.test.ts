import { ManualClock } from '@pdaltagent/testing';
import { Readable } from 'node:stream';
import { durationOf, instantOf } from './duration';
import { Progress } from './progress';
import { formatHeader, formatRow, singleLine } from './table';
import { acceptedAtOf } from './trace/message-id';

describe('a table', () => {
  const columns = [
    { title: 'A', width: 4 },
    { title: 'B', width: 3 },
  ];

  it('aligns its columns, truncates long cells, and has no trailing spaces', () => {
    expect(formatHeader(columns)).toBe('A     B\n');
    expect(formatRow(columns, ['abcdef', ''])).toBe('abc…\n');
    expect(formatRow(columns, ['a', 'bcd'])).toBe('a     bcd\n');
  });

  it('shows untrusted text on one line, without control characters', () => {
    expect(singleLine(' a\r\n\tb\u001b[31m\u0000c\u2028 ')).toBe('a b [31m c');
  });
});

describe('a duration', () => {
  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [7_199_999, '1 h'],
    [3 * 86_400_000, '3 d'],
    [-5, '0 s'],
  ])('of %d ms is %s', (milliseconds, text) => expect(durationOf(milliseconds)).toBe(text));

  it('differs from an instant', () => {
    expect(instantOf(1_800_000_000_123)).toBe('2027-01-15T08:00:00Z');
    expect(instantOf(undefined)).toBe('-');
  });
});

describe('a message id', () => {
  it('contains the time at which it was assigned', () => {
    expect(acceptedAtOf('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(Date.parse('2022-02-22T19:22:22Z'));
  });

  it.each(['db1/disk', '017f22e2-79b0-4cc3-98c4-dc0c0c07398f', ''])('is not %s', (text) => {
    expect(acceptedAtOf(text)).toBeUndefined();
  });
});

describe('progress', () => {
  const shown = (showsProgress: boolean) => {
    let text = '';
    const clock = new ManualClock();
    const error = (more: string) => (text += more);
    const silent = () => undefined;
    const ask = () => Promise.resolve('');
    const input = Readable.from([]);
    const terminal = {
      environment: {},
      input,
      out: silent,
      error,
      now: () => clock.wall(),
      interactive: false,
      showsColour: false,
      showsProgress,
      columns: undefined,
      ask,
    };
    const progress = new Progress(terminal, 'sent', 9, clock);
    for (let done = 1; done <= 9; done += 1) {
      clock.advance(1_000);
      progress.at(done);
    }
    progress.end();
    return text;
  };

  it('updates one line on a terminal and clears it', () => {
    expect(shown(true)).toMatch(/^(\r\u001b\[Ksent \d of 9){9}\r\u001b\[K$/);
  });

  it('prints an occasional plain line without a terminal', () => {
    expect(shown(false)).toBe('sent 5 of 9\n');
  });
});
