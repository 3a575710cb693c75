import { type DeliveredMarkers, type LaneClaims } from '@pdaltagent/messaging';
import { type Scheduler } from '../scheduler';
import { type SimulatedProcess } from '../simulated-process';
import { type Limit } from './limits';

/** How long a command, and its reply, take. */
const TRAVEL_MS = 0.15;
const TIMEOUT_MS = 2_000;
/** How far its replica lags. */
const LAG_MS = 500;
/** How long a worker does not query the markers after an error. */
const PAUSE_MS = 5_000;

/** Its own words for a write that it refuses. It answers reads all the same. */
const REFUSALS = {
  'read-only': 'READONLY You cannot write against a read only replica.',
  full: "OOM command not allowed when used memory > 'maxmemory'.",
  'cannot save': 'MISCONF Errors writing to the AOF file: No space left on device',
} as const;

/** Of a query. */
interface Reply {
  /** When Redis executed it. */
  readonly at: number;
  readonly isMarked: boolean;
}

/** What a process knows of the markers. */
interface Reader {
  /** By message id: of the last query for it. */
  readonly replies: Map<string, Reply>;
  queriesInFlight: number;
  /** Of the last query, if it failed. */
  failedAt: number | undefined;
}

/** The markers of delivered messages in a Redis with a replica. */
export class SimulatedRedis {
  readonly #scheduler: Scheduler;
  /** By message id: when it was written. */
  readonly #markers = new Map<string, number>();
  /** By message id: why it has no marker although a worker wrote it. */
  readonly #missing = new Map<string, Limit>();
  /** By lane: the claims since its start, each with when it was written; undefined if it was withdrawn. */
  readonly #claims = new Map<string, { readonly at: number; readonly claim: string | undefined }[]>();
  /** Ids whose markers are on their way to Redis. */
  readonly #travelling = new Set<string>();
  readonly #readers = new Map<SimulatedProcess, Reader>();
  mode: 'works' | 'lost' | keyof typeof REFUSALS = 'works';

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** The replica takes over, without the last writes. */
  failOver(): void {
    const since = this.#scheduler.now - LAG_MS;
    for (const [id, at] of this.#markers) {
      if (at <= since) continue;
      this.#markers.delete(id);
      this.#missing.set(id, 'Redis lost the marker in a failover');
    }
    for (const [lane, claims] of this.#claims)
      this.#claims.set(
        lane,
        claims.filter(({ at }) => at <= since),
      );
    this.#scheduler.note('Redis fails over, without its last writes');
  }

  /** As the library of the store: settles within the timeout of a command, and rejects if Redis does not do it. */
  markersOf(process: SimulatedProcess): DeliveredMarkers {
    const reader = this.#readerOf(process);
    return {
      has: async (ids) => {
        reader.queriesInFlight += 1;
        try {
          const { at, found } = await this.#run(process, () => {
            const found = new Set(ids.filter((id) => this.#markers.has(id)));
            for (const id of ids)
              this.#scheduler.note(
                `Redis tells ${process.name}: ${id} is ${found.has(id) ? '' : 'not '}marked as delivered`,
              );
            return { at: this.#scheduler.now, found };
          });
          for (const id of ids) reader.replies.set(id, { at, isMarked: found.has(id) });
          reader.failedAt = undefined;
          return found;
        } catch (error) {
          reader.failedAt = this.#scheduler.now;
          throw error;
        } finally {
          reader.queriesInFlight -= 1;
        }
      },
      mark: async (id) => {
        if (this.mode === 'lost') this.#missing.set(id, 'Redis did not write the marker');
        else this.#travelling.add(id);
        await this.#run(process, () => {
          this.#travelling.delete(id);
          const refusal = this.#refusalOf('add');
          if (refusal !== undefined) {
            this.#missing.set(id, 'Redis did not write the marker');
            throw refusal;
          }
          this.#markers.set(id, this.#scheduler.now);
          this.#scheduler.note(`Redis marks ${id} as delivered for ${process.name}`);
          this.#missing.delete(id);
        });
      },
    };
  }

  /** As the library of the store. */
  claimsOf(process: SimulatedProcess): LaneClaims {
    const reader = this.#readerOf(process);
    const current = (lane: string): string | undefined => this.#claims.get(lane)?.at(-1)?.claim;
    const write = (lane: string, claim: string | undefined): void => {
      const refusal = this.#refusalOf(claim === undefined ? 'remove' : 'add');
      if (refusal !== undefined) throw refusal;
      this.#claims.set(lane, [...(this.#claims.get(lane) ?? []), { at: this.#scheduler.now, claim }]);
    };
    return {
      claim: (lane, claim) =>
        this.#run(process, () => {
          const former = current(lane);
          write(lane, claim);
          return former;
        }),
      read: (lanes) =>
        this.#run(
          process,
          () =>
            new Map(
              lanes.flatMap((lane) => {
                const claim = current(lane);
                return claim === undefined ? [] : [[lane, claim] as const];
              }),
            ),
        ).catch((error: unknown) => {
          // Both are queried together: if one fails, neither is known.
          reader.failedAt = this.#scheduler.now;
          throw error;
        }),
      withdraw: (lane, claim) =>
        this.#run(process, () => {
          if (current(lane) === claim) write(lane, undefined);
        }),
    };
  }

  /** Why the process may not know that the message was delivered by another one; undefined if it has no reason. */
  whyUnmarked(process: SimulatedProcess, id: string): Limit | undefined {
    const reader = this.#readers.get(process);
    if (reader === undefined) return undefined;
    const { failedAt, queriesInFlight, replies } = reader;
    const isPausing = failedAt !== undefined && (this.#scheduler.now - failedAt < PAUSE_MS || queriesInFlight > 0);
    if (isPausing) return 'Redis cannot be read';
    return replies.get(id)?.isMarked === false ? this.#missing.get(id) : undefined;
  }

  /** Whether Redis executed the process's last query for the message at that time or later, but before the marker was written. */
  hasQueriedBeforeMarker(process: SimulatedProcess, id: string, since: number): boolean {
    const reply = this.#readers.get(process)?.replies.get(id);
    if (reply === undefined || reply.isMarked || reply.at < since) return false;
    return this.#travelling.has(id) || this.#markers.has(id);
  }

  /** A Redis that is full refuses only what adds something, in scripts too (`redis-refusals.integration.test.ts`). */
  #refusalOf(write: 'add' | 'remove'): Error | undefined {
    if (this.mode === 'works' || this.mode === 'lost' || (this.mode === 'full' && write === 'remove')) return undefined;
    return new Error(REFUSALS[this.mode]);
  }

  #readerOf(process: SimulatedProcess): Reader {
    const reader = this.#readers.get(process) ?? { replies: new Map(), queriesInFlight: 0, failedAt: undefined };
    this.#readers.set(process, reader);
    return reader;
  }

  /** Redis executes what has reached it, whatever becomes of the process. */
  #run<Result>(process: SimulatedProcess, execute: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const reply = (ms: number, settle: () => void): void =>
        process.enterAfter(ms, `Redis answers ${process.name}`, settle);
      if (this.mode === 'lost') return reply(TIMEOUT_MS, () => reject(new Error('Redis is unreachable')));
      this.#scheduler.schedule(TRAVEL_MS, `Redis executes a command of ${process.name}`, () => {
        try {
          const result = execute();
          reply(TRAVEL_MS, () => resolve(result));
        } catch (error) {
          reply(TRAVEL_MS, () => reject(error instanceof Error ? error : new Error(String(error))));
        }
      });
    });
  }
}
