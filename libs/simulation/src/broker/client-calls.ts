interface Call {
  readonly start: () => void;
  readonly reject: (error: Error) => void;
}

/** The requests of a channel's client that wait for a reply of the broker: one at a time is sent. */
export class ClientCalls {
  readonly #waiting: Call[] = [];
  #current: Call | undefined;

  /** @param start sends the request, and calls `replied` once its reply has arrived */
  request<Reply>(start: (replied: (reply: Reply) => void) => void): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const replied = (reply: Reply): void => {
        this.#current = undefined;
        this.#startNext();
        resolve(reply);
      };
      this.#waiting.push({ start: () => start(replied), reject });
      this.#startNext();
    });
  }

  rejectCurrent(error: Error): void {
    this.#current?.reject(error);
    this.#current = undefined;
  }

  rejectAll(error: Error): void {
    this.rejectCurrent(error);
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #startNext(): void {
    if (this.#current !== undefined) return;
    this.#current = this.#waiting.shift();
    this.#current?.start();
  }
}
