import { type LaneGroup, PublishError } from '@pdaltagent/messaging';
import { byDeadAt, type DeadLetterQueue, replay, type ReplayItem, type Sender } from '@pdaltagent/operations';

/** The outcome of a replay, verified afterwards. */
export interface ReplayOutcome {
  readonly sent: number;
  /** Ids of those that were sent but are still dead letters: the broker did not apply all removals. */
  readonly left: readonly string[];
  /** Why it is not known which of those that were sent are still dead letters. */
  readonly unchecked: string | undefined;
  /** Why it stopped early; what was not sent is still a dead letter. */
  readonly failure: string | undefined;
}

export interface ReplayItemsOptions {
  readonly queue: DeadLetterQueue;
  readonly sender: Sender;
  readonly laneGroup: LaneGroup;
  readonly items: readonly ReplayItem[];
  /** Called for each that was sent, with the number so far and its id. */
  readonly onProgress: (sent: number, id: string) => void;
}

/** Sends dead letters again, then checks which of them are still there. */
export async function replayItems({
  queue,
  sender,
  laneGroup,
  items,
  onProgress,
}: ReplayItemsOptions): Promise<ReplayOutcome> {
  const sent = new Set<string>();
  let failure: string | undefined;
  try {
    await replay({
      queue,
      sender,
      laneGroup,
      items: byDeadAt(items),
      onProgress: (count, id) => {
        sent.add(id);
        onProgress(count, id);
      },
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    failure = error instanceof PublishError ? `the broker did not accept a message: ${error.message}` : error.message;
  }
  try {
    const left = sent.size === 0 ? [] : await queue.find(sent);
    return { sent: sent.size, left: [...new Set(left)], unchecked: undefined, failure };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { sent: sent.size, left: [], unchecked: error.message, failure };
  }
}
