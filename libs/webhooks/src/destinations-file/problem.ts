/** One problem in a destinations file. */
export interface Problem {
  /** Line of the file, from 1. */
  readonly line: number;
  /** Such as `destinations[0].url`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong, or what is expected. Never contains a value, which may be a secret. */
  readonly message: string;
}

export type Path = readonly (string | number)[];

export function textOfPath(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

/** `line 4, destinations[0].url: must be …`. */
export function textOfProblem({ line, path, message }: Problem): string {
  return `line ${line}${path === '' ? '' : `, ${path}`}: ${message}`;
}
