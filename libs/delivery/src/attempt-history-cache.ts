import { AttemptHistory } from './key-queue';

/** Messages that went back and are remembered; more than a worker of all lanes and sidings holds. */
const MAX_REMEMBERED = 20_000;

/** Since when messages that went back to the broker were held, and what was tried for them, for when they come again. */
export class AttemptHistoryCache {
  readonly #histories = new Map<string, AttemptHistory>();

  take(id: string): AttemptHistory {
    return this.#histories.get(id) ?? new AttemptHistory();
  }

  /** Also what was never attempted: what is for a paused key reaches its maximum age although its lane is renewed meanwhile. */
  remember(id: string, history: AttemptHistory): void {
    // The answers of so many would be too much to keep.
    history.lastAnswer = { ...history.lastAnswer, answer: '' };
    this.#histories.set(id, history);
    if (this.#histories.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#histories.keys();
    if (oldest !== undefined) this.#histories.delete(oldest);
  }

  forget(id: string): void {
    this.#histories.delete(id);
  }
}
