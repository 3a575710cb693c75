/**
 * What one look came to. fine: all is well; note: worth knowing; off: not in use; attention: somebody has to do something,
 * and the command's exit code is 1.
 */
export interface Finding {
  readonly subject: string;
  readonly state: 'fine' | 'note' | 'off' | 'attention';
  readonly detail: string;
  /** What to do about it. */
  readonly advice?: string;
}

export function needsAttention(findings: readonly Finding[]): boolean {
  return findings.some(({ state }) => state === 'attention');
}

const MARKS: Readonly<Record<Finding['state'], string>> = {
  fine: 'ok',
  note: 'note',
  off: 'off',
  attention: 'ATTENTION',
};

/** One line per finding, and one below it for what to do. */
export function textOf(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  return findings
    .map(({ subject, state, detail, advice }) => {
      const line = `${subject.padEnd(width)}  ${MARKS[state].padEnd(9)}  ${detail}\n`;
      return advice === undefined ? line : `${line}${' '.repeat(width + 13)}-> ${advice}\n`;
    })
    .join('');
}
