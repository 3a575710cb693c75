interface Cleanup {
  what: string;
  run: () => Promise<unknown>;
}

/** What was started, to be stopped in the opposite order; services that were started side by side stop side by side. */
export class Cleanups {
  readonly #entries: Cleanup[] = [];

  add(what: string, run: () => Promise<unknown>): void {
    this.#entries.push({ what, run });
  }

  /** For `start().then(cleanups.stopping('name'))`: registers what was started, and passes it on. */
  stopLater(what: string): <Started extends { stop(): Promise<unknown> }>(started: Started) => Started {
    return (started) => {
      this.add(what, () => started.stop());
      return started;
    };
  }

  /** Runs each once. A cleanup that fails is told and does not keep the others from running. */
  async run(tell: (problem: string) => void): Promise<void> {
    for (const { what, run } of this.#entries.splice(0).reverse()) {
      await run().catch((error: unknown) => tell(`${what} could not be stopped: ${String(error)}`));
    }
  }
}
