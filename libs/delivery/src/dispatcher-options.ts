import { type Clock, type Random } from '@pdaltagent/clock';

export interface DispatcherOptions<M> {
  /** Attempts at one time, over all keys. */
  readonly concurrency: number;
  /** Age beyond which a message becomes a dead letter; milliseconds. */
  readonly maximumAgeMs: number;
  /** How long one message may fail with the server's own errors while others are taken; milliseconds. */
  readonly poisonAfterMs: number;
  /** Which messages share a circuit: what stands behind them fails together. */
  readonly destinationOf: (message: M) => string;
  readonly clock: Clock;
  readonly random: Random;
}
