import { type LaneGroup, laneQueue, sidingQueue } from '../topology';
import { type BrokerClient, type QueueState } from './broker-client';

export interface LaneState {
  readonly lane: number;
  readonly queue: QueueState;
  readonly sidings: readonly QueueState[];
}

/** What the broker tells of a family. Messages that workers hold are in no count. */
export interface LaneGroupState {
  readonly lanes: readonly LaneState[];
  readonly deadLetters: QueueState;
}

/** Asks for every queue of a family; undefined where they are not there, as before the first start. @throws BrokerUnavailable */
export async function laneGroupState(link: BrokerClient, family: LaneGroup): Promise<LaneGroupState | undefined> {
  const deadLetters = await link.stateOf(family.deadLetters);
  if (deadLetters === undefined) return undefined;
  const names = Array.from({ length: family.lanes }, (_, lane) => [
    laneQueue(family, lane),
    ...Array.from({ length: family.sidings }, (_unused, siding) => sidingQueue(family, lane, siding)),
  ]);
  const states = await link.statesOf(names.flat());
  const width = 1 + family.sidings;
  const lanes = names.flatMap((_, lane): LaneState[] => {
    const [queue, ...sidings] = states.slice(lane * width, (lane + 1) * width);
    return queue === undefined ? [] : [{ lane, queue, sidings }];
  });
  return lanes.length === family.lanes ? { lanes, deadLetters } : undefined;
}
