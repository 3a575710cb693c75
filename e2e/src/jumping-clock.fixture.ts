import { type AppProcess } from '@pdaltagent/testing';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** The wall clock of services, which a test sets forward or back while they run. Their monotonic clock is not affected. */
export class JumpingClock {
  readonly #file: string;

  /** @param folder folder for the file with the offset */
  constructor(folder: string) {
    this.#file = path.join(folder, 'offset');
  }

  /** Variables for the environment of each service that uses this clock. */
  get env(): Record<string, string> {
    return { NODE_OPTIONS: `--require ${path.join(__dirname, 'jumping-clock.cjs')}`, JUMPING_CLOCK_FILE: this.#file };
  }

  /** Sets the offset in milliseconds; resolves once all apps have applied it. */
  async set(offset: number, apps: readonly AppProcess[]): Promise<void> {
    writeFileSync(this.#file, String(offset));
    for (const { pid } of apps) process.kill(pid, 'SIGUSR2');
    await Promise.all(
      apps.map((app) =>
        app.logged('that its clock jumped', (line) => line.message === 'the clock jumped' && line.offset === offset),
      ),
    );
  }
}
