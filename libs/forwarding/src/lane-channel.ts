import { type Clock } from '@pdaltagent/clock';
import { type SendStatus, type Settlement } from '@pdaltagent/messaging';
import { type LanePorts } from './lane-ports';

/** Maximum unconfirmed events of a channel. With 199 an unresponsive queue stalls only its channel, with 256 all of them. */
const WINDOW = 128;
/** How long events may wait for the first connection before they are spooled; milliseconds. */
const START_MS = 3_000;
/** A channel that has not confirmed an event for this long is replaced; milliseconds. */
const TIMEOUT_MS = 60_000;
/**
 * What is sent while a quorum queue has no majority may never be confirmed, but is at once on another channel, as soon as there is a
 * majority (measured with three nodes of RabbitMQ 3.10). So a channel that has confirmed events and then none at all for this long
 * is replaced, too. A new one is not: it sends one event only, to find out whether the queue answers.
 */
const SILENT_MS = 10_000;

/** The state of a lane's channel, which decides how many events may be in flight. */
export class LaneChannel<Event> {
  readonly #send: LanePorts<Event, never, never>['send'];
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #window: number;
  readonly #startTimeoutAt: number;
  #state: 'never opened' | 'lost' | 'fresh' | 'proven' = 'never opened';
  #isBlocked = false;
  /** When it last confirmed an event; monotonic. */
  #confirmedAt = Number.NEGATIVE_INFINITY;
  /** Number of events that were in flight when the broker closed the channel because of one of them: they are sent one by one. */
  #suspects = 0;

  constructor(send: LanePorts<Event, never, never>['send'], clock: Pick<Clock, 'monotonic'>, window: number) {
    this.#send = send;
    this.#clock = clock;
    this.#window = Math.min(WINDOW, window);
    this.#startTimeoutAt = clock.monotonic() + START_MS;
  }

  get canSend(): boolean {
    return this.#state !== 'never opened' && this.#state !== 'lost' && !this.#isBlocked;
  }

  /** Whether the first connection is being established, and can be expected soon. */
  get isStarting(): boolean {
    return this.#state === 'never opened' && this.#clock.monotonic() < this.#startTimeoutAt;
  }

  /** How many events may be in flight now. A new channel sends a single event first, to detect an unresponsive queue. */
  get window(): number {
    if (!this.canSend) return 0;
    return this.#state === 'fresh' || this.#suspects > 0 ? 1 : this.#window;
  }

  /** Whether events that were sent so long ago will probably never be confirmed. */
  isSilent(oldestSentAt: number): boolean {
    const now = this.#clock.monotonic();
    if (oldestSentAt <= now - TIMEOUT_MS) return true;
    return this.#state === 'proven' && Math.max(oldestSentAt, this.#confirmedAt) <= now - SILENT_MS;
  }

  onOpened(isBlocked: boolean): void {
    this.#state = 'fresh';
    this.#isBlocked = isBlocked;
  }

  onLost(): void {
    this.#state = 'lost';
  }

  /** The broker closed the channel because of one of the events in flight. AMQP does not say which. */
  sendOneByOne(inFlight: number): void {
    this.#suspects = inFlight;
  }

  /** False if it was blocked already. */
  onBlocked(): boolean {
    if (this.#isBlocked) return false;
    this.#isBlocked = true;
    return true;
  }

  /** False if it was blocked already. */
  onUnblocked(): boolean {
    if (!this.#isBlocked) return false;
    this.#isBlocked = false;
    return true;
  }

  send(event: Event, maybeDuplicate: boolean, onSettled: (settlement: Settlement) => void): SendStatus {
    const sent = this.#send(event, maybeDuplicate, (settlement) => {
      // The broker eventually refuses events for an unresponsive queue: a refusal does not prove that the channel works.
      if (settlement === 'confirmed') {
        this.#state = 'proven';
        this.#confirmedAt = this.#clock.monotonic();
      }
      this.#suspects = Math.max(0, this.#suspects - 1);
      onSettled(settlement);
    });
    if (sent === 'ended') this.onLost();
    return sent;
  }
}
