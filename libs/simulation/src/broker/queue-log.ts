import { type Scheduler } from '../scheduler';
import { type SeededRandom } from '../seeded-random';
import { type Client } from './queue';

export interface Command {
  readonly run: () => void;
  /** Undefined if the command is certain: it is found out again if it is lost before it is applied. */
  readonly from: CommandSource | undefined;
}

export interface CommandSource {
  readonly client: Client;
  /** A message; other commands may overtake it. */
  readonly isMessage: boolean;
  readonly lost: () => void;
}

/** How long a slow queue takes at most to apply commands. */
const SLOW_APPLY_MS = 1_000;

interface QueueLogOptions {
  readonly name: string;
  readonly broker: { readonly scheduler: Scheduler; readonly maxApplyMs: number; readonly isSlow: boolean };
  readonly random: SeededRandom;
  /** A command was applied. */
  readonly applied: () => void;
}

/**
 * Commands that were sent to a queue and are not applied yet; they are applied in order, soon, unless it is paused. Messages
 * have a lower priority than other commands, which may overtake those that were sent just before.
 */
export class QueueLog {
  readonly #options: QueueLogOptions;
  readonly #commands: Command[] = [];
  isSlow = false;
  #isPaused = false;
  #cancelApply: (() => void) | undefined;

  constructor(options: QueueLogOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#commands.length === 0;
  }

  append(command: Command): void {
    let overtakable = 0;
    if (command.from?.isMessage === false)
      while (this.#commands.at(-1 - overtakable)?.from?.isMessage === true) overtakable += 1;
    const overtaken = overtakable === 0 ? 0 : this.#options.random.below(overtakable + 1);
    this.#commands.splice(this.#commands.length - overtaken, 0, command);
    this.#applySoon();
  }

  pause(): void {
    this.#isPaused = true;
    this.#cancelApply?.();
    this.#cancelApply = undefined;
  }

  resume(): void {
    this.#isPaused = false;
    this.#applySoon();
  }

  /** Only the first of the commands were written, or only the first of a client's. */
  loseSome(client?: Client): void {
    const own = client === undefined ? this.#commands : this.#commands.filter(({ from }) => from?.client === client);
    const written = this.#options.random.below(own.length + 1);
    const lost = new Set(own.slice(written).filter(({ from }) => from !== undefined));
    if (lost.size === 0) return;
    this.#commands.splice(0, this.#commands.length, ...this.#commands.filter((command) => !lost.has(command)));
    for (const { from } of lost) from?.lost();
  }

  #applySoon(): void {
    if (this.#isPaused || this.#cancelApply !== undefined || this.isEmpty) return;
    const { name, broker, random, applied } = this.#options;
    const maxApplyMs = this.isSlow || broker.isSlow ? SLOW_APPLY_MS : broker.maxApplyMs;
    this.#cancelApply = broker.scheduler.schedule(random.fraction() * maxApplyMs, `${name} applies`, () => {
      this.#cancelApply = undefined;
      for (const { run } of this.#commands.splice(0)) {
        run();
        applied();
      }
    });
  }
}
