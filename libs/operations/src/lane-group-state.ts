import { type LaneGroup, laneQueue, sidingQueue } from '@pdaltagent/messaging';
import { type BrokerClient, type QueueState } from './broker-client';

export interface LaneState {
  readonly lane: number;
  readonly queue: QueueState;
  readonly sidings: readonly QueueState[];
}

/** The state of a lane group's queues. Messages that workers hold are not counted. */
export interface LaneGroupState {
  readonly lanes: readonly LaneState[];
  readonly deadLetters: QueueState;
}

/**
 * Checks every queue of a lane group; undefined if they do not exist, as before the first start.
 * @throws BrokerUnavailable
 */
export async function laneGroupState(client: BrokerClient, laneGroup: LaneGroup): Promise<LaneGroupState | undefined> {
  const deadLetters = await client.stateOf(laneGroup.deadLetters);
  if (deadLetters === undefined) return undefined;
  const names = Array.from({ length: laneGroup.lanes }, (_, lane) => [
    laneQueue(laneGroup, lane),
    ...Array.from({ length: laneGroup.sidings }, (_unused, siding) => sidingQueue(laneGroup, lane, siding)),
  ]);
  const states = await client.statesOf(names.flat());
  const width = 1 + laneGroup.sidings;
  const lanes = names.flatMap((_, lane): LaneState[] => {
    const [queue, ...sidings] = states.slice(lane * width, (lane + 1) * width);
    return queue === undefined ? [] : [{ lane, queue, sidings }];
  });
  return lanes.length === laneGroup.lanes ? { lanes, deadLetters } : undefined;
}
