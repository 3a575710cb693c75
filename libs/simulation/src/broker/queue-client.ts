import { type Queue } from './queue';

/** With this many commands sent and not yet applied, further acknowledgements are held back. */
const SOFT_LIMIT = 32;

/**
 * A channel's client of a quorum queue (`rabbit_fifo_client`). Beyond 32 commands that are not applied yet it holds
 * acknowledgements back, and loses them if the channel closes.
 */
export class QueueClient {
  readonly #keptBack: (() => void)[] = [];
  readonly #becameFast: () => void;
  #unapplied = 0;
  #isSlow = false;

  /** @param becameFast is called when the queue has caught up */
  constructor(
    readonly queue: Queue,
    becameFast: () => void,
  ) {
    this.#becameFast = becameFast;
  }

  /** Whether the queue lags too far behind the commands sent to it. */
  get isSlow(): boolean {
    return this.#isSlow;
  }

  /** Sent at once, however slow the queue is. */
  send(command: () => void, applied: () => void = () => undefined): void {
    this.#isSlow = this.queue.options.type === 'quorum' && this.#unapplied >= SOFT_LIMIT;
    this.#unapplied += 1;
    this.queue.append(() => {
      command();
      this.#unapplied -= 1;
      applied();
      if (this.#isSlow && this.#unapplied < SOFT_LIMIT) this.#catchUp();
    });
  }

  /** Held back while the queue is slow. */
  sendAcknowledgement(command: () => void): void {
    if (this.#isSlow) this.#keptBack.push(command);
    else this.send(command);
  }

  /** The channel ends: acknowledgements that were held back are lost. */
  close(channel: object): void {
    this.#keptBack.length = 0;
    this.queue.append(() => this.queue.channelDown(channel), true);
  }

  #catchUp(): void {
    this.#isSlow = false;
    const commands = this.#keptBack.splice(0);
    if (commands.length > 0) this.send(() => commands.forEach((command) => command()));
    this.#becameFast();
  }
}
