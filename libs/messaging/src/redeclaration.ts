import { type Clock } from '@pdaltagent/clock';
import { type ChannelModel } from 'amqplib';
import { declareTopology, type TopologyMode } from './declare-topology';
import { type Log } from './log';
import { type LaneGroup, type QueueType } from './topology';

/** For queues or exchanges that were deleted while publishing: declares everything again, one run at a time. */
export function redeclaration(
  connection: ChannelModel,
  options: {
    readonly laneGroup: LaneGroup;
    readonly queueType: QueueType;
    readonly topologyMode?: TopologyMode | undefined;
    readonly log: Log;
    readonly clock?: Clock | undefined;
  },
): () => void {
  const { laneGroup, queueType, log, clock, topologyMode: mode } = options;
  let isRunning = false;
  let isFailureLogged = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    if (!isFailureLogged) {
      const action = mode === 'check' ? 'checking' : 'declaring';
      log.error(`a queue or exchange is missing: ${action} the topology again`, { exchange: laneGroup.exchange });
    }
    declareTopology(connection, laneGroup, queueType, { clock, mode })
      .then((done) => {
        // Bindings are all that a check cannot see.
        if (done === 'checked' && !isFailureLogged)
          log.error('a queue is not bound to its exchange: `pdaltagent setup` binds it', {
            exchange: laneGroup.exchange,
          });
        isFailureLogged = done === 'checked';
      })
      .catch((error: unknown) => {
        if (!isFailureLogged) log.error('the topology cannot be declared', { error });
        isFailureLogged = true;
      })
      .finally(() => (isRunning = false));
  };
}
