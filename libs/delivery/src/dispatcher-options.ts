import { type Clock, type Random } from '@pdaltagent/clock';

export interface DispatcherOptions<M> {
  /** Concurrent attempts, over all keys. */
  readonly concurrency: number;
  /** Age beyond which a message becomes a dead letter; milliseconds. */
  readonly maximumAgeMs: number;
  /** How long one message may fail with 5xx while others are accepted; milliseconds. */
  readonly poisonAfterMs: number;
  /** The destination of a message: those with the same one share a circuit. */
  readonly destinationOf: (message: M) => string;
  readonly clock: Clock;
  readonly random: Random;
}
