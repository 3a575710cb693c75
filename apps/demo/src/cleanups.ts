interface Cleanup {
  what: string;
  run: () => Promise<unknown>;
}

/** Everything that was started, to be stopped in the opposite order. */
export class Cleanups {
  readonly #entries: Cleanup[] = [];

  add(what: string, run: () => Promise<unknown>): void {
    this.#entries.push({ what, run });
  }

  /** For `start().then(cleanups.stopping('name'))`: registers what was started, and returns it. */
  stopLater(what: string): <Started extends { stop(): Promise<unknown> }>(started: Started) => Started {
    return (started) => {
      this.add(what, () => started.stop());
      return started;
    };
  }

  /** Runs each once. A failed cleanup is reported and does not prevent the others. */
  async run(tell: (problem: string) => void): Promise<void> {
    for (const { what, run } of this.#entries.splice(0).reverse()) {
      await run().catch((error: unknown) => tell(`${what} could not be stopped: ${String(error)}`));
    }
  }
}
