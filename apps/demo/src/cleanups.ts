interface Cleanup {
  what: string;
  run: () => Promise<unknown>;
}

/** Everything that was started or is being started, to be stopped in the opposite order. */
export class Cleanups {
  readonly #entries: Cleanup[] = [];
  #hasRun = false;

  add(what: string, run: () => Promise<unknown>): void {
    this.#entries.push({ what, run });
  }

  /**
   * Starts something that is stopped later, also if it has not started yet by then.
   * @throws Error if everything has been stopped: it would be left running
   */
  async start<Started extends { stop(graceMs?: number): unknown }>(
    what: string,
    start: () => Promise<Started>,
    graceMs?: number,
  ): Promise<Started> {
    if (this.#hasRun) throw new Error(`${what} is not started: everything is being stopped`);
    const starting = start();
    // If it fails, the caller reports that.
    const started = starting.catch(() => undefined);
    this.add(what, async () => {
      await (await started)?.stop(graceMs);
    });
    return starting;
  }

  /** Runs each once. A failed cleanup is reported and does not prevent the others. */
  async run(tell: (problem: string) => void): Promise<void> {
    this.#hasRun = true;
    for (let next = this.#entries.pop(); next !== undefined; next = this.#entries.pop()) {
      const { what, run } = next;
      await run().catch((error: unknown) => tell(`${what} could not be stopped: ${String(error)}`));
    }
  }
}
