import { type DeliveredIds } from './delivered-ids';
import { type UnackedMessage } from './lane-consumer';

/**
 * Admits a lane's messages in order, except those that were already delivered: for redelivered or republished
 * messages that is checked first, and later messages wait. All others are checked before their attempt.
 */
export class RedeliveryFilter {
  readonly #delivered: DeliveredIds;
  readonly #admit: (message: UnackedMessage) => void;
  readonly #dropDuplicate: (message: UnackedMessage) => void;
  readonly #waiting = new Map<object, UnackedMessage[]>();

  constructor(
    delivered: DeliveredIds,
    ports: {
      readonly admit: (message: UnackedMessage) => void;
      readonly dropDuplicate: (message: UnackedMessage) => void;
    },
  ) {
    this.#delivered = delivered;
    this.#admit = ports.admit;
    this.#dropDuplicate = ports.dropDuplicate;
  }

  onMessage(message: UnackedMessage): void {
    const waiting = this.#waiting.get(message.lane);
    if (waiting !== undefined) waiting.push(message);
    else if (isSuspect(message)) void this.#ask(message.lane, [message]);
    else this.#admit(message);
  }

  async #ask(lane: object, first: UnackedMessage[]): Promise<void> {
    let batch = first;
    while (batch.length > 0) {
      this.#waiting.set(lane, []);
      const suspects = batch.filter(isSuspect).map(({ id }) => id);
      const known = suspects.length === 0 ? NONE : await this.#delivered.among(suspects);
      for (const message of batch) {
        if (message.lane.isReleasing) continue;
        if (isSuspect(message) && known.has(message.id)) this.#dropDuplicate(message);
        else this.#admit(message);
      }
      batch = this.#waiting.get(lane) ?? [];
    }
    this.#waiting.delete(lane);
  }
}

const NONE: ReadonlySet<string> = new Set();

function isSuspect(message: UnackedMessage): boolean {
  return message.redelivered || message.maybeDuplicate;
}
