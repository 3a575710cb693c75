import { type Channel } from 'amqplib';
import { type LaneGroup, laneQueue, sidingQueue } from './topology';

/** How many messages wait in lanes, their sidings included, as the broker told when it was last asked. */
export class LaneDepths {
  readonly #family: LaneGroup;
  readonly #waiting = new Map<number, number>();

  constructor(laneGroup: LaneGroup) {
    this.#family = laneGroup;
  }

  /** Messages in the lane's queues that no worker holds. */
  of(lane: number): number {
    return this.#waiting.get(lane) ?? 0;
  }

  /** Asks for one lane after the other, where there is a channel: never more than one question is on its way. */
  async refresh(channel: Channel | undefined, lanes: readonly number[]): Promise<void> {
    if (channel === undefined) return;
    for (const lane of lanes) {
      let waiting = 0;
      for (const queue of this.#queuesOf(lane)) {
        const state = await channel.checkQueue(queue).catch(() => undefined);
        // The channel is gone, and with it this round.
        if (state === undefined) return;
        waiting += state.messageCount;
      }
      this.#waiting.set(lane, waiting);
    }
  }

  #queuesOf(lane: number): string[] {
    const sidings = Array.from({ length: this.#family.sidings }, (_, siding) =>
      sidingQueue(this.#family, lane, siding),
    );
    return [laneQueue(this.#family, lane), ...sidings];
  }
}
