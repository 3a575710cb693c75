/** The environment, input and output of a command; tests pass a fake. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Standard input. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  /** Whether `out` may be coloured. */
  readonly showsColour: boolean;
  /** Whether `error` is a terminal, on which a line can be overwritten. */
  readonly showsProgress: boolean;
  /** The width of `out`, if it is a terminal; characters. */
  readonly columns: number | undefined;
  /** What the thread of the journal's index runs; undefined: the file next to the bundle. */
  readonly historyWorker?: string | undefined;
  /** Prints the question and resolves with the line typed. */
  readonly ask: (question: string) => Promise<string>;
}

/** Ends a command with a message of one line and an exit code: 1 failure, 2 invalid command line. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
    this.name = 'CliError';
  }
}
