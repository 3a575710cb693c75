/**
 * The result of one check. fine: all is well; note: for information; off: not in use; attention: someone must act, and the
 * command exits with 1.
 */
export interface CheckResult {
  readonly subject: string;
  readonly state: 'fine' | 'note' | 'off' | 'attention';
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

export function needsAttention(results: readonly CheckResult[]): boolean {
  return results.some(({ state }) => state === 'attention');
}

/** Text for each state, and the ANSI code of its colour. */
const MARKS: Readonly<Record<CheckResult['state'], readonly [word: string, colour: number]>> = {
  fine: ['fine', 32],
  note: ['note', 33],
  off: ['off', 90],
  attention: ['ATTENTION', 31],
};

/** One line per result, and one below it for what to do. */
export function formatResults(results: readonly CheckResult[], showsColour = false): string {
  const width = Math.max(...results.map(({ subject }) => subject.length));
  return results
    .map(({ subject, state, detail, advice }) => {
      const [word, colour] = MARKS[state];
      const mark = showsColour ? `\u001b[${colour}m${word.padEnd(9)}\u001b[0m` : word.padEnd(9);
      const line = `${subject.padEnd(width)}  ${mark}  ${detail}\n`;
      return advice === undefined ? line : `${line}${' '.repeat(width + 13)}-> ${advice}\n`;
    })
    .join('');
}
