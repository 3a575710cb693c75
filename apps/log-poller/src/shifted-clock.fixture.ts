import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';

/** A machine clock that is wrong and can be set. */
export class ShiftedClock implements Clock {
  /** @param aheadMs how far it is ahead of the real time */
  constructor(public aheadMs: number) {}

  monotonic(): number {
    return SYSTEM_CLOCK.monotonic();
  }

  wall(): number {
    return SYSTEM_CLOCK.wall() + this.aheadMs;
  }

  after(ms: number, callback: () => void): () => void {
    return SYSTEM_CLOCK.after(ms, callback);
  }
}
