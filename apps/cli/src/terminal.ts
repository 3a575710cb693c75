/** What a command is given and where it writes; a test gives its own. */
export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What is piped into it. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A person sits at it and can be asked. */
  readonly interactive: boolean;
  /** What is written to `out` may be coloured. */
  readonly showsColour: boolean;
  /** What is written to `error` can be written over. */
  readonly showsProgress: boolean;
  /** Writes the question and resolves with the line that is typed. */
  readonly ask: (question: string) => Promise<string>;
}

/** Ends a command with a message of one line and an exit code: 1 it did not work, 2 the command line is wrong. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
    this.name = 'Failure';
  }
}
