import { type Clock, delay, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type LaneGroup, type Log } from '@pdaltagent/messaging';
import { type Registry } from 'prom-client';
import { BrokerClient, BrokerUnavailable } from '../broker-client';
import { DeadLetterQueue, DeadLetterQueueBusy } from '../dead-letter-queue';
import { type RetentionLimits } from './expired';
import { createRetentionMetrics, type RetentionMetrics, type Stored } from './metrics';
import { sweep, type SweepResult } from './sweep';

export interface RetentionOptions {
  readonly url: string;
  /** Certificates (PEM) of authorities to trust in addition to Node's own. */
  readonly authorities?: readonly string[];
  /** Shown in the broker's list of connections. */
  readonly name: string;
  readonly laneGroup: LaneGroup;
  readonly limits: RetentionLimits;
  /** Whether this process sweeps: one of those that share the lanes, so that the queue is not read by each of them. */
  readonly isResponsible: () => boolean;
  /** Milliseconds since 1970, or undefined if no clock can be trusted now: then nothing is deleted for its age. */
  readonly now: () => Promise<number | undefined>;
  readonly metrics: Registry;
  /** Of the metrics' names. */
  readonly prefix: string;
  readonly log: Log;
  /** Called for each dead letter that RabbitMQ has confirmed to be deleted, with its message id and the limit that it was over. */
  readonly onExpired?: (id: string, limit: 'age' | 'size') => void;
  /** How long this process must have been responsible before its first sweep; milliseconds. */
  readonly firstAfterMs?: number;
  /** Between two sweeps; milliseconds. */
  readonly everyMs?: number;
  readonly clock?: Clock;
}

/** Restarts, during which lanes change their workers, do not read the queue each time. */
const FIRST_AFTER_MS = 60_000;
const EVERY_MS = 10 * 60_000;
/** How often to look whether a sweep is due. */
const CHECK_MS = 1_000;
/** How long a queue with the same number of dead letters is taken to be unchanged. */
const REREAD_AFTER_MS = 60 * 60_000;
/** Sweeps that may fail before what was found is no longer reported. */
const MAXIMUM_MISSED = 3;

/** What was found when the queue was last read. */
interface Found {
  readonly readAt: number;
  /** When the queue was last read or seen to be unchanged. */
  readonly checkedAt: number;
  readonly stored: Stored;
}

/**
 * Deletes dead letters over the limits, now and then, and reports what is stored. Holds the lock of the operator's commands meanwhile.
 * (Arguments of the queue cannot do it: an existing queue would refuse other ones, with 406, and its deletions would not be counted.)
 */
export class DeadLetterRetention {
  readonly #options: RetentionOptions;
  readonly #clock: Clock;
  readonly #metrics: RetentionMetrics;
  readonly #stopping = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #client: BrokerClient | undefined;
  #found: Found | undefined;

  constructor(options: RetentionOptions) {
    this.#options = options;
    const { metrics, prefix, limits, clock = SYSTEM_CLOCK } = options;
    this.#clock = clock;
    this.#metrics = createRetentionMetrics(metrics, prefix, limits, () => this.#reported, clock);
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Ends a sweep in progress: what it has not deleted yet stays. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#client?.close();
    await this.#loop;
  }

  /** Undefined while another process is responsible, and if what was found is too old to be shown. */
  get #reported(): Stored | undefined {
    const { isResponsible, everyMs = EVERY_MS } = this.#options;
    if (this.#found === undefined || !isResponsible()) return undefined;
    return this.#clock.monotonic() - this.#found.checkedAt <= MAXIMUM_MISSED * everyMs ? this.#found.stored : undefined;
  }

  async #run(): Promise<void> {
    const { isResponsible, firstAfterMs = FIRST_AFTER_MS, everyMs = EVERY_MS } = this.#options;
    const { signal } = this.#stopping;
    let responsibleSince: number | undefined;
    let triedAt = -Infinity;
    while (!signal.aborted) {
      const now = this.#clock.monotonic();
      if (isResponsible()) responsibleSince ??= now;
      else responsibleSince = undefined;
      if (responsibleSince !== undefined && now >= Math.max(responsibleSince + firstAfterMs, triedAt + everyMs)) {
        await this.#trySweep();
        triedAt = this.#clock.monotonic();
      }
      await delay(this.#clock, Math.min(CHECK_MS, everyMs), signal).catch(() => undefined);
    }
  }

  async #trySweep(): Promise<void> {
    const { laneGroup, log } = this.#options;
    try {
      await this.#sweep();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      // An operator's command has them, or the broker is unreachable, which the worker reports.
      const isExpected = error instanceof DeadLetterQueueBusy || error instanceof BrokerUnavailable;
      log[isExpected ? 'info' : 'error']('dead letters were not checked against their limits: trying again later', {
        queue: laneGroup.deadLetters,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  async #sweep(): Promise<void> {
    const { url, authorities = [], name, laneGroup, limits } = this.#options;
    const client = await BrokerClient.open({ url, authorities, name: `${name} dead letters`, clock: this.#clock });
    this.#client = client;
    try {
      if (this.#stopping.signal.aborted) return;
      const queue = await DeadLetterQueue.open(client, laneGroup);
      const now = await this.#options.now();
      const checkedAt = this.#clock.monotonic();
      if (this.#found !== undefined && this.#isUnchanged(this.#found, await queue.count(), now)) {
        this.#found = { ...this.#found, checkedAt };
        return;
      }
      const result = await sweep(queue, limits, now);
      this.#report(result);
      const { left, leftBytes, oldestLeft } = result;
      this.#found = { readAt: checkedAt, checkedAt, stored: { left, leftBytes, oldestLeft } };
    } finally {
      this.#client = undefined;
      await client.close();
    }
  }

  /** Whether reading the queue again would most likely find nothing to do. */
  #isUnchanged({ readAt, stored: { left, oldestLeft = Infinity } }: Found, waiting: number, now: number | undefined) {
    const { maximumAgeMs = Infinity } = this.#options.limits;
    const isRecent = this.#clock.monotonic() - readAt < REREAD_AFTER_MS;
    return isRecent && left === waiting && (now === undefined || now - oldestLeft <= maximumAgeMs);
  }

  #report(result: SweepResult): void {
    const { laneGroup, log } = this.#options;
    const { deletedByAge, deletedBySize, deletedBytes, oldestDeleted, newestDeleted, isConfirmed, left } = result;
    if (deletedByAge + deletedBySize === 0) return;
    const fields = {
      queue: laneGroup.deadLetters,
      tooOld: deletedByAge,
      tooMuch: deletedBySize,
      bytes: deletedBytes,
      oldest: timeOf(oldestDeleted),
      newest: timeOf(newestDeleted),
      left,
    };
    if (!isConfirmed)
      return log.warn('dead letters over a limit may not all be deleted: RabbitMQ did not confirm it in time', fields);
    this.#metrics.deleted(deletedByAge, deletedBySize);
    const { onExpired } = this.#options;
    for (const id of result.idsByAge) onExpired?.(id, 'age');
    for (const id of result.idsBySize) onExpired?.(id, 'size');
    log.warn('dead letters over a limit were deleted', fields);
  }
}

function timeOf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
