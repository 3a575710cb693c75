import { type Clock } from '@pdaltagent/clock';
import { type Logger } from '@pdaltagent/service';

const WINDOW_MS = 60_000;
/** Addresses that are logged per minute: a scan from many addresses must not fill the log. */
const ADDRESSES_PER_WINDOW = 10;

/** Logs requests without a valid token: each address once a minute. The metric counts all of them. */
export class RefusedSendersLog {
  readonly #logged = new Set<string>();
  #startedAt = -WINDOW_MS;
  #suppressed = 0;

  constructor(
    private readonly log: Pick<Logger, 'warn'>,
    private readonly clock: Clock,
  ) {}

  record(address: string, problem: string): void {
    const now = this.clock.monotonic();
    if (now - this.#startedAt >= WINDOW_MS) {
      this.#startedAt = now;
      this.#logged.clear();
    }
    if (this.#logged.has(address) || this.#logged.size >= ADDRESSES_PER_WINDOW) {
      this.#suppressed += 1;
      return;
    }
    this.#logged.add(address);
    this.log.warn('a request was refused because of its token', {
      address,
      problem,
      ...(this.#suppressed === 0 ? {} : { notLoggedBefore: this.#suppressed }),
    });
    this.#suppressed = 0;
  }
}
