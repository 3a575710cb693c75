import {
  byDeadAt,
  type DeadLetterQueue,
  type LaneGroup,
  PublishError,
  replay,
  type ReplayItem,
  type Sender,
} from '@pdaltagent/messaging';

/** What came of sending dead letters again, looked up afterwards. */
export interface ReplayOutcome {
  readonly sent: number;
  /** Ids of those that were sent and are there still: the broker did not take all removals. */
  readonly left: readonly string[];
  /** Why it ended early; the letters that were not sent are there still. */
  readonly failure: string | undefined;
}

export interface ReplayItemsOptions {
  readonly queue: DeadLetterQueue;
  readonly sender: Sender;
  readonly family: LaneGroup;
  readonly items: readonly ReplayItem[];
  readonly progress: (sent: number) => void;
}

/** Sends dead letters again, then looks which of those that were sent are there still. @throws BrokerUnavailable, DeadLetterQueueBusy */
export async function replayItems({
  queue,
  sender,
  family,
  items,
  progress,
}: ReplayItemsOptions): Promise<ReplayOutcome> {
  const sent = new Set<string>();
  let failure: string | undefined;
  try {
    await replay({
      queue,
      sender,
      laneGroup: family,
      items: byDeadAt(items),
      progress: (count, id) => {
        sent.add(id);
        progress(count);
      },
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    failure = error instanceof PublishError ? `the broker did not take a message: ${error.message}` : error.message;
  }
  try {
    const left = sent.size === 0 ? [] : await queue.find(sent);
    return { sent: sent.size, left: [...new Set(left)], failure };
  } catch (error) {
    if (failure === undefined) throw error;
    // Nobody can look now: the first failure tells why.
    return { sent: sent.size, left: [], failure };
  }
}
