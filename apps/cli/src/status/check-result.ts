/**
 * What one look came to. fine: all is well; note: worth knowing; off: not in use; attention: somebody has to do something,
 * and the command's exit code is 1.
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

const MARKS: Readonly<Record<CheckResult['state'], string>> = {
  fine: 'ok',
  note: 'note',
  off: 'off',
  attention: 'ATTENTION',
};

/** One line per finding, and one below it for what to do. */
export function formatResults(results: readonly CheckResult[]): string {
  const width = Math.max(...results.map(({ subject }) => subject.length));
  return results
    .map(({ subject, state, detail, advice }) => {
      const line = `${subject.padEnd(width)}  ${MARKS[state].padEnd(9)}  ${detail}\n`;
      return advice === undefined ? line : `${line}${' '.repeat(width + 13)}-> ${advice}\n`;
    })
    .join('');
}
