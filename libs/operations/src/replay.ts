import { type DeadLetter, type LaneGroup, laneKey, laneOfMessage, replayProperties } from '@pdaltagent/messaging';
import { type Clock, SYSTEM_CLOCK } from '@pdaltagent/clock';
import { type Sender } from './sender';
import { type DeadLetterQueue, type DeadLetterRemover, type UnackedDeadLetter } from './dead-letter-queue';

/** A dead letter to be replayed, without its body. */
export interface ReplayItem {
  readonly id: string;
  readonly deadAt: number | undefined;
  /** Size of the body in bytes. */
  readonly size: number;
}

export function replayItemOf({ id, deadAt, body }: Pick<DeadLetter, 'id' | 'deadAt' | 'body'>): ReplayItem {
  return { id, deadAt, size: body.length };
}

export interface ReplayOptions {
  readonly queue: DeadLetterQueue;
  readonly sender: Sender;
  readonly laneGroup: LaneGroup;
  /** In the order in which to publish them; see `byDeadAt`. */
  readonly items: readonly ReplayItem[];
  /** Called for each replayed dead letter, with the number so far and its id. */
  readonly onProgress?: (replayed: number, id: string) => void;
  /** The most dead letters to keep in memory; bytes. */
  readonly keptBytes?: number;
  readonly clock?: Clock | undefined;
}

const KEPT_BYTES = 32 * 1024 * 1024;
/** Memory that a dead letter takes besides its body; bytes. */
const OVERHEAD_BYTES = 1_024;
/** Messages that the broker has not confirmed yet. */
const UNCONFIRMED = 128;

/**
 * Sorts by the time at which each became a dead letter, which is the order within their alerts. The queue may be in
 * another order if someone has read it with another tool.
 */
export function byDeadAt(items: readonly ReplayItem[]): ReplayItem[] {
  return [...items].sort((a, b) => (a.deadAt ?? 0) - (b.deadAt ?? 0));
}

/**
 * Publishes dead letters to their lanes again and removes each once the broker has confirmed it. The first failure
 * ends the replay; then, as after a crash, every dead letter is replayed or still there, or both if it was in flight
 * at that moment. `DeadLetterQueue.find` shows afterwards which are both.
 * @returns the number of dead letters replayed; fewer than requested if some were removed meanwhile
 * @throws PublishError, BrokerUnavailable
 */
export async function replay(options: ReplayOptions): Promise<number> {
  const { queue, items, onProgress = () => undefined, keptBytes = KEPT_BYTES } = options;
  let replayed = 0;
  for (const batch of batchesOf(items, keptBytes)) {
    const wanted = new Map<string, UnackedDeadLetter[]>(batch.map(({ id }) => [id, []]));
    const collect = (held: UnackedDeadLetter) => wanted.get(held.deadLetter.id)?.push(held);
    await queue.visitAll(collect, async (remover) => {
      await replayBatch(options, [...wanted.values()], remover, (id) => onProgress((replayed += 1), id));
    });
  }
  return replayed;
}

/** Splits the items into batches that fit into memory. */
function* batchesOf(items: readonly ReplayItem[], keptBytes: number): Generator<ReplayItem[]> {
  let batch: ReplayItem[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = item.size + OVERHEAD_BYTES;
    if (batch.length > 0 && bytes + size > keptBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Each entry holds one dead letter, or several copies that a crash left behind: published once, removed together. */
async function replayBatch(
  { sender, laneGroup, clock = SYSTEM_CLOCK }: ReplayOptions,
  deadLetters: readonly (readonly UnackedDeadLetter[])[],
  remover: DeadLetterRemover,
  onReplayed: (id: string) => void,
): Promise<void> {
  const underway = new Map<string, Promise<void>>();
  let failure: unknown;
  for (const copies of deadLetters) {
    const [first] = copies;
    const message = first?.deadLetter.message;
    if (first === undefined || message === undefined) continue;
    // One unconfirmed message per alert: if one fails, none after it may arrive before it.
    await underway.get(message.orderKey);
    if (underway.size >= UNCONFIRMED) await Promise.race(underway.values());
    if (failure !== undefined) break;
    const lane = laneKey(laneOfMessage(laneGroup, message));
    const properties = replayProperties(first.delivery.properties, clock.wall());
    const confirmed = sender.send(laneGroup.exchange, lane, message.body, properties).then(() => {
      onReplayed(first.deadLetter.id);
      // It throws if the channel is lost.
      for (const { delivery } of copies) remover.remove(delivery.fields.deliveryTag);
    });
    const settled = confirmed
      .catch((error: unknown) => {
        failure ??= error;
      })
      .then(() => {
        underway.delete(message.orderKey);
      });
    underway.set(message.orderKey, settled);
  }
  await Promise.all(underway.values());
  if (failure !== undefined) throw toError(failure);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
