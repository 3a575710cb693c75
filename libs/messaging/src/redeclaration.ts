import { type ChannelModel } from 'amqplib';
import { type Log } from './log';
import { declareTopology, type Family, type QueueType } from './topology';

/** A queue or exchange was deleted while we publish: declares everything again, one run at a time, for the next attempt. */
export function redeclaration(
  connection: ChannelModel,
  { family, queueType, log }: { readonly family: Family; readonly queueType: QueueType; readonly log: Log },
): () => void {
  let isRunning = false;
  return () => {
    if (isRunning) return;
    isRunning = true;
    log.error('no queue took a message: declaring the topology again', { exchange: family.exchange });
    declareTopology(connection, family, queueType)
      .catch((error: unknown) => log.error('the topology cannot be declared', { error }))
      .finally(() => (isRunning = false));
  };
}
