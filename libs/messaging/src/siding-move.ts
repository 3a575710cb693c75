/** What a move has to know of a message. */
interface Moved {
  readonly orderKey: string;
}

export interface MovePorts<M extends Moved> {
  /** Settles once the broker has the message, and rejects where it may not have it. */
  readonly publish: (message: M) => Promise<void>;
  /** The broker has it: its original may go. */
  readonly moved: (message: M) => void;
}

/**
 * Publishes messages once more, in their order: of one order key never more than one that is unconfirmed, so that none can
 * arrive where the one before it did not; others at the same time. After the first failure nothing more is sent.
 * @returns what did not move, in its order
 */
export async function moveInOrder<M extends Moved>(
  messages: readonly M[],
  { publish, moved }: MovePorts<M>,
): Promise<readonly M[]> {
  const left = new Set(messages);
  const underway = new Map<string, Promise<void>>();
  let failed = false;
  for (const message of messages) {
    const previous = underway.get(message.orderKey);
    if (previous !== undefined) await previous;
    if (failed) break;
    const confirmed = publish(message).then(
      () => {
        left.delete(message);
        moved(message);
      },
      () => {
        failed = true;
      },
    );
    underway.set(message.orderKey, confirmed);
  }
  await Promise.all(underway.values());
  return [...left];
}
