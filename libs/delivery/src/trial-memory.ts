import { Trials } from './lines';

/** Messages that went back and whose trials are remembered. */
const REMEMBERED = 20_000;

/** What was tried for messages that went back to the broker, for when they come again. */
export class TrialMemory {
  readonly #trials = new Map<string, Trials>();

  of(id: string): Trials {
    return this.#trials.get(id) ?? new Trials();
  }

  remember(id: string, trials: Trials): void {
    if (trials.attempts === 0) return;
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
