import { type HeldMessage } from './lane';

/** Which messages were delivered already. Both calls settle soon; a rejection means that nobody knows. */
export interface DeliveredMarkers {
  /** Of the ids asked, those known as delivered. */
  has(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** Remembers a delivery. */
  mark(id: string): Promise<void>;
}

/** Delivered ids that are remembered without Redis, enough for what the broker may give back. */
const REMEMBERED = 20_000;

/**
 * Lets a lane's messages in, in their order, but for those that were delivered before: what was redelivered or published
 * again is asked for first, and what came behind it waits.
 */
export class Intake {
  readonly #markers: DeliveredMarkers;
  readonly #admit: (message: HeldMessage) => void;
  readonly #repeat: (message: HeldMessage) => void;
  readonly #delivered = new Set<string>();
  readonly #waiting = new Map<object, HeldMessage[]>();

  constructor(
    markers: DeliveredMarkers,
    ports: { readonly admit: (message: HeldMessage) => void; readonly repeat: (message: HeldMessage) => void },
  ) {
    this.#markers = markers;
    this.#admit = ports.admit;
    this.#repeat = ports.repeat;
  }

  arrived(message: HeldMessage): void {
    const waiting = this.#waiting.get(message.lane);
    if (waiting !== undefined) waiting.push(message);
    else if (isSuspect(message)) void this.#ask(message.lane, [message]);
    else this.#admit(message);
  }

  /** Whether a message that may be a repeat was delivered since it came: its first copy was still held then. */
  isRepeat(message: HeldMessage): boolean {
    return isSuspect(message) && this.#delivered.has(message.id);
  }

  /** Remembers a delivery here and in Redis; settles once it is written or Redis is known to be away. */
  async delivered(id: string): Promise<void> {
    this.#delivered.add(id);
    if (this.#delivered.size > REMEMBERED) {
      const [oldest] = this.#delivered;
      if (oldest !== undefined) this.#delivered.delete(oldest);
    }
    await this.#markers.mark(id).catch(() => undefined);
  }

  async #ask(lane: object, first: HeldMessage[]): Promise<void> {
    let batch = first;
    while (batch.length > 0) {
      this.#waiting.set(lane, []);
      const suspects = batch.filter(isSuspect).map(({ id }) => id);
      const known = suspects.length === 0 ? NONE : await this.#markers.has(suspects).catch(() => NONE);
      for (const message of batch) {
        if (message.lane.leaving) continue;
        const isRepeat = isSuspect(message) && (known.has(message.id) || this.#delivered.has(message.id));
        if (isRepeat) this.#repeat(message);
        else this.#admit(message);
      }
      batch = this.#waiting.get(lane) ?? [];
    }
    this.#waiting.delete(lane);
  }
}

const NONE: ReadonlySet<string> = new Set();

function isSuspect(message: HeldMessage): boolean {
  return message.redelivered || message.again;
}
