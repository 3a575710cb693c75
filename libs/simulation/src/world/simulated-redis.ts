import { type DeliveredMarkers } from '@pdaltagent/messaging';
import { type Scheduler } from '../scheduler';
import { type SimulatedProcess } from '../simulated-process';

const REPLY_MS = 0.3;
const TIMEOUT_MS = 2_000;
/** How far its replica lags. */
const LAG_MS = 500;

/** The markers of delivered messages in a Redis with a replica. */
export class SimulatedRedis {
  readonly #scheduler: Scheduler;
  /** By message id: when it was written. */
  readonly #markers = new Map<string, number>();
  mode: 'works' | 'lost' | 'read-only' = 'works';

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** The replica takes over, without the last writes. */
  failOver(): void {
    const since = this.#scheduler.now - LAG_MS;
    for (const [id, at] of this.#markers) if (at > since) this.#markers.delete(id);
    this.#scheduler.note('Redis fails over, without its last writes');
  }

  /** As the library of the store: settles within the timeout of a command, and rejects if Redis does not do it. */
  markersOf(process: SimulatedProcess): DeliveredMarkers {
    return {
      has: (ids) =>
        this.#run(process, () => {
          if (this.mode === 'lost') throw new Error('Redis is unreachable');
          return new Set(ids.filter((id) => this.#markers.has(id)));
        }),
      mark: (id) =>
        this.#run(process, () => {
          if (this.mode !== 'works') throw new Error('Redis does not write');
          this.#markers.set(id, this.#scheduler.now);
        }),
    };
  }

  #run<Result>(process: SimulatedProcess, command: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const ms = this.mode === 'lost' ? TIMEOUT_MS : REPLY_MS;
      process.enterAfter(ms, `Redis answers ${process.name}`, () => {
        try {
          resolve(command());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }
}
