import { type Clock, every, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Channel } from 'amqplib';
import { PULSE_QUEUE } from './topology';

const BEAT_EVERY_MS = 1_000;
/**
 * How long attempts may start after a pulse was sent that the broker answered. Shorter than the heartbeat interval of 5 s, so that a
 * worker that was paused does not go on after its connection was closed.
 */
export const VALID_FOR_MS = 4_000;
/** After this long without a reply, the connection is replaced: it may lead to a node that answers. */
const SILENT_FOR_MS = 10_000;

/** An instant on both clocks; milliseconds. */
interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

const NEVER: Moment = { monotonic: Number.NEGATIVE_INFINITY, wall: Number.NEGATIVE_INFINITY };

/** What a pulse needs of a channel. */
export type PulseChannel = Pick<Channel, 'consume' | 'cancel'>;

/**
 * Proves every second that our node of the broker belongs to the majority of its cluster: a node that is cut off does not notice
 * that, goes on answering, and has silently lost its lanes to consumers on other nodes. To subscribe to a quorum queue, and to
 * cancel that, is answered only once a majority has agreed. It is asked on the connection of the lanes, because another one may
 * lead to another node. Measured with three nodes of RabbitMQ 3.10.8: both try all nodes and are answered half a second after
 * the leader's node was killed, and also while the broker blocks publishing; `basic.get` closes the connection then (541), a
 * passive declaration is answered by the node alone. Invariant I6.
 */
export class Pulse {
  readonly #clock: Clock;
  readonly #onLapsed: () => void;
  readonly #once: (() => void)[] = [];
  /** When the last pulse that was answered had been sent. */
  #answered: Moment = NEVER;
  #stop: () => void = () => undefined;

  /** @param onLapsed called at a pulse after one that was too old: other workers may have taken lanes meanwhile */
  constructor(clock: Clock = SYSTEM_CLOCK, onLapsed: () => void = () => undefined) {
    this.#clock = clock;
    this.#onLapsed = onLapsed;
  }

  /**
   * Whether no other worker can own our lanes. By both clocks: the monotonic one stops while the machine is
   * suspended, and the wall clock can be changed. In both cases attempts wait for the next pulse, which takes
   * about a second.
   */
  get ownsLanes(): boolean {
    const { monotonic, wall } = this.#now();
    return monotonic - this.#answered.monotonic < VALID_FOR_MS && Math.abs(wall - this.#answered.wall) < VALID_FOR_MS;
  }

  get isSilent(): boolean {
    return this.#now().monotonic - this.#answered.monotonic >= SILENT_FOR_MS;
  }

  /** Sends pulses over the channel until the next call or `stop`. Resolves once the first is answered. */
  async start(channel: PulseChannel): Promise<void> {
    this.stop();
    let isBeating = false;
    const beat = async (): Promise<void> => {
      if (isBeating) return;
      isBeating = true;
      await this.#send(channel).finally(() => (isBeating = false));
    };
    this.#stop = every(this.#clock, BEAT_EVERY_MS, () => void beat().catch(() => undefined));
    await beat();
  }

  /** The connection was lost, or is not needed any more: callbacks that wait for a pulse on it are dropped. */
  stop(): void {
    this.#stop();
    this.#once.length = 0;
  }

  /** Calls back at the next pulse that is answered; never if the connection is lost first. */
  once(callback: () => void): void {
    this.#once.push(callback);
  }

  async #send(channel: PulseChannel): Promise<void> {
    const sent = this.#now();
    const { consumerTag } = await channel.consume(PULSE_QUEUE, () => undefined, { noAck: true });
    const hasLapsed = this.#now().monotonic - this.#answered.monotonic >= VALID_FOR_MS;
    if (sent.monotonic > this.#answered.monotonic) this.#answered = sent;
    if (hasLapsed) this.#onLapsed();
    if (this.ownsLanes) for (const callback of this.#once.splice(0)) callback();
    await channel.cancel(consumerTag);
  }

  #now(): Moment {
    return { monotonic: this.#clock.monotonic(), wall: this.#clock.wall() };
  }
}
