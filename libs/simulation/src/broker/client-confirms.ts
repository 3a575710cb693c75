import { type Replies } from 'amqplib';

export type Confirmed = (error: Error | null, ok: Replies.Empty) => void;

/** The messages of a channel's client that the broker has neither confirmed nor refused, by the number of the message. */
export class ClientConfirms {
  readonly #unconfirmed = new Map<number, Confirmed>();
  #publishes = 0;

  /** @returns how many are unconfirmed now */
  sent(confirmed: Confirmed): number {
    this.#publishes += 1;
    this.#unconfirmed.set(this.#publishes, confirmed);
    return this.#unconfirmed.size;
  }

  settle(publish: number, isTaken: boolean): void {
    const confirmed = this.#unconfirmed.get(publish);
    this.#unconfirmed.delete(publish);
    confirmed?.(isTaken ? null : new Error('message nacked'), {});
  }

  /** The channel has closed: amqplib reports each as refused. */
  lose(): void {
    const error = new Error('channel closed');
    for (const confirmed of this.#unconfirmed.values()) confirmed(error, {});
    this.#unconfirmed.clear();
  }
}
