import { type QueueChecks } from './queue-checks';
import { type LaneGroup, laneQueue, sidingQueue } from './topology';

/** The number of messages that wait in lanes and their sidings, as of the last refresh. */
export class LaneDepths {
  readonly #laneGroup: LaneGroup;
  readonly #waiting = new Map<string, number>();
  /** Those of the refresh that is running. */
  #asking: Pick<QueueChecks, 'stateOf'> | undefined;

  constructor(laneGroup: LaneGroup) {
    this.#laneGroup = laneGroup;
  }

  /** Messages in the lane's queues that no worker holds. */
  of(lane: number): number {
    return this.#queuesOf(lane).reduce((sum, queue) => sum + this.in(queue), 0);
  }

  /** Messages in one of these queues that no worker holds. */
  in(queue: string): number {
    return this.#waiting.get(queue) ?? 0;
  }

  /** Queries one lane after the other, if there is a connection, with never more than one request in flight. */
  async refresh(checks: Pick<QueueChecks, 'stateOf'> | undefined, lanes: readonly number[]): Promise<void> {
    // The broker may not reply for long.
    if (checks === undefined || checks === this.#asking) return;
    this.#asking = checks;
    for (const queue of lanes.flatMap((lane) => this.#queuesOf(lane))) {
      const state = await checks.stateOf(queue);
      if (state !== undefined) this.#waiting.set(queue, state.messageCount);
    }
    if (this.#asking === checks) this.#asking = undefined;
  }

  #queuesOf(lane: number): string[] {
    const sidings = Array.from({ length: this.#laneGroup.sidings }, (_, siding) =>
      sidingQueue(this.#laneGroup, lane, siding),
    );
    return [laneQueue(this.#laneGroup, lane), ...sidings];
  }
}
