/** Requests of a channel, which are processed in order, one at a time; some of them have to wait for something. */
export class RequestQueue {
  readonly #waiting: (() => void)[] = [];
  #isPaused = false;
  #hasEnded = false;

  /** Processes the request as soon as nothing before it waits. */
  process(request: () => void): void {
    if (this.#hasEnded) return;
    if (this.#isPaused) this.#waiting.push(request);
    else request();
  }

  /** Processes nothing more until the result is called. */
  pause(): () => void {
    this.#isPaused = true;
    return () => {
      this.#isPaused = false;
      while (!this.#isPaused && !this.#hasEnded) {
        const request = this.#waiting.shift();
        if (request === undefined) return;
        request();
      }
    };
  }

  /** Forgets what has to wait. */
  clear(): void {
    this.#waiting.length = 0;
  }

  end(): void {
    this.#hasEnded = true;
    this.clear();
  }
}
