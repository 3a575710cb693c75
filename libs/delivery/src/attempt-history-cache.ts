import { Trials } from './key-queue';

/** Messages that went back and are remembered; more than a worker of all lanes and sidings holds. */
const REMEMBERED = 20_000;

/** Since when messages that went back to the broker were held, and what was tried for them, for when they come again. */
export class TrialMemory {
  readonly #trials = new Map<string, Trials>();

  of(id: string): Trials {
    return this.#trials.get(id) ?? new Trials();
  }

  /** Also what was never attempted: what is for a paused key reaches its maximum age although its lane is renewed meanwhile. */
  remember(id: string, trials: Trials): void {
    // The answers of so many would be too much to keep.
    trials.lastAnswer = { ...trials.lastAnswer, answer: '' };
    this.#trials.set(id, trials);
    if (this.#trials.size <= REMEMBERED) return;
    const [oldest] = this.#trials.keys();
    if (oldest !== undefined) this.#trials.delete(oldest);
  }

  forget(id: string): void {
    this.#trials.delete(id);
  }
}
