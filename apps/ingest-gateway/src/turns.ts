/** A place in the sequence of a key's events. */
export interface Turn {
  /** Resolves once all earlier turns of the key have ended. */
  readonly begun: Promise<void>;
  /** May be called repeatedly. */
  end(): void;
}

/** Keeps the events of a key in order although some of them take longer before they can be published. */
export class Turns {
  /** By key: when the last turn ends. */
  readonly #last = new Map<string, Promise<void>>();

  /** Whether no event has a turn, as nearly always. */
  get isEmpty(): boolean {
    return this.#last.size === 0;
  }

  has(key: string): boolean {
    return this.#last.has(key);
  }

  take(key: string): Turn {
    const begun = this.#last.get(key) ?? Promise.resolve();
    let resolve = (): void => undefined;
    const ended = new Promise<void>((resolved) => (resolve = resolved));
    const last = begun.then(() => ended);
    this.#last.set(key, last);
    void last.then(() => {
      if (this.#last.get(key) === last) this.#last.delete(key);
    });
    return { begun, end: resolve };
  }
}
