import { type Clock } from '@pdaltagent/clock';
import { type LogEntriesApi } from '@pdaltagent/rest-api';
import { type Logger } from '@pdaltagent/service';

/** A smaller difference may be due to rounding and latency. */
const TOLERATED_DIFFERENCE_MS = 60_000;

/** The time by both clocks, either of which may be wrong. Milliseconds since 1970. */
export interface Times {
  readonly ours: number;
  /** Null: not known yet, or its responses have no Date. */
  readonly pagerDuty: number | null;
}

/** A time that has certainly passed: by the slower clock. */
export function earliestNow({ ours, pagerDuty }: Times): number {
  return Math.min(ours, pagerDuty ?? ours);
}

export interface ClocksOptions {
  readonly clock: Clock;
  readonly api: Pick<LogEntriesApi, 'serverNow'>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

/** This machine's clock and PagerDuty's. */
export class Clocks {
  readonly #options: ClocksOptions;
  #hasLoggedDifference = false;

  constructor(options: ClocksOptions) {
    this.#options = options;
  }

  times(): Times {
    const { clock, api } = this.#options;
    return { ours: clock.wall(), pagerDuty: api.serverNow() };
  }

  /** By PagerDuty's clock, which its log entries use; by ours while that is unknown. */
  now(): number {
    const { ours, pagerDuty } = this.times();
    return pagerDuty ?? ours;
  }

  /** Milliseconds from an arbitrary origin, for durations. */
  monotonic(): number {
    return this.#options.clock.monotonic();
  }

  /** Logs when the clocks start to differ, and when they agree again. */
  compare(): void {
    const { log } = this.#options;
    const { ours, pagerDuty } = this.times();
    if (pagerDuty === null) return;
    const differ = Math.abs(ours - pagerDuty) > TOLERATED_DIFFERENCE_MS;
    if (differ === this.#hasLoggedDifference) return;
    this.#hasLoggedDifference = differ;
    const secondsAhead = Math.round((ours - pagerDuty) / 1000);
    if (differ)
      log.warn(
        'the clocks of this machine and of PagerDuty differ: check NTP on this machine; no log entry is missed',
        {
          secondsAhead,
        },
      );
    else log.info('the clocks of this machine and of PagerDuty agree again', { secondsAhead });
  }
}
