import { type Clock } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { type Log } from './log';
import { declareTopology, type LaneGroup, type QueueType } from './topology';

/** For queues or exchanges that were deleted while publishing: declares everything again, one run at a time. */
export function redeclaration(
  connection: ChannelModel,
  options: {
    readonly laneGroup: LaneGroup;
    readonly queueType: QueueType;
    readonly log: Log;
    readonly clock?: Clock | undefined;
  },
): () => void {
  const { laneGroup, queueType, log, clock } = options;
  let isRunning = false;
  let isFailureLogged = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    if (!isFailureLogged) {
      log.error('a queue or exchange is missing: declaring the topology again', { exchange: laneGroup.exchange });
    }
    declareTopology(connection, laneGroup, queueType, { clock })
      .then(() => (isFailureLogged = false))
      .catch((error: unknown) => {
        if (!isFailureLogged) log.error('the topology cannot be declared', { error });
        isFailureLogged = true;
      })
      .finally(() => (isRunning = false));
  };
}
