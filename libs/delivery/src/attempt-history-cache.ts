import { AttemptHistory } from './key-queue';

/** Requeued messages that are remembered: more than a worker with all lanes and sidings holds. */
const MAX_REMEMBERED = 20_000;

/** The attempt history of messages that were requeued, for when they are delivered to this worker again. */
export class AttemptHistoryCache {
  readonly #histories = new Map<string, AttemptHistory>();

  take(id: string): AttemptHistory {
    return this.#histories.get(id) ?? new AttemptHistory();
  }

  /**
   * Includes messages never attempted: those of a paused key reach the maximum age although their lane is renewed
   * meanwhile.
   */
  remember(id: string, history: AttemptHistory): void {
    // The responses of that many messages would take too much memory.
    history.lastResponse = { ...history.lastResponse, response: '' };
    this.#histories.set(id, history);
    if (this.#histories.size <= MAX_REMEMBERED) return;
    const [oldest] = this.#histories.keys();
    if (oldest !== undefined) this.#histories.delete(oldest);
  }

  forget(id: string): void {
    this.#histories.delete(id);
  }
}
