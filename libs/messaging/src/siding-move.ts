/** What moving needs to know about a message. */
interface Moved {
  readonly orderKey: string;
}

export interface MovePorts<M extends Moved> {
  /** Resolves once the broker has the message; rejects if it may not have it. */
  readonly publish: (message: M) => Promise<void>;
  /** The broker has it: the original can be acknowledged. */
  readonly onMoved: (message: M) => void;
}

/**
 * Publishes messages again, in order: never more than one unconfirmed message per order key, so that none can
 * arrive if the one before it did not; different order keys concurrently. After the first failure nothing more is sent.
 * @returns the messages that did not move, in order
 */
export async function moveInOrder<M extends Moved>(
  messages: readonly M[],
  { publish, onMoved }: MovePorts<M>,
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
        onMoved(message);
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
