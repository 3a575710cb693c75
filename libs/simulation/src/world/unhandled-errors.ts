import { type Evidence } from './evidence';

/** Errors that no code handles while a world runs: each of them would end a real process. */
export class UnhandledErrors {
  readonly errors: Evidence[] = [];
  readonly #now: () => number;
  readonly #record = (error: unknown): void => {
    this.errors.push({ at: this.#now(), text: error instanceof Error ? stackOf(error) : String(error) });
  };

  /** @param now the simulated time; ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  start(): void {
    process.on('uncaughtException', this.#record);
    process.on('unhandledRejection', this.#record);
  }

  stop(): void {
    process.off('uncaughtException', this.#record);
    process.off('unhandledRejection', this.#record);
  }
}

/** Without the simulation's own frames, which depend on what started it. */
function stackOf({ message, stack = message }: Error): string {
  return stack
    .split('\n')
    .filter((line) => !/^ +at .*(\/libs\/simulation\/|\/tools\/simulate|node:)/.test(line))
    .join('\n');
}
