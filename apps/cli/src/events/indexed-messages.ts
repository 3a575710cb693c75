import { type FoundMessage } from '@pdaltagent/history';
import { type MessageHistory } from '@pdaltagent/journal';
import { type JournalIndex } from '../journal/journal-index';
import { messageIn } from '../journal/message-in';
import { hasTexts, type Selection } from './selection';

/** Of a routing key, the journal has only its end. */
const KEY_END = 4;

/** The newest messages of a selection, the newest last, and how many there are in all: as `NewestMessages` finds them in the stream. */
export async function indexedMessages(
  index: JournalIndex,
  selection: Selection,
  limit: number,
): Promise<{ readonly messages: readonly MessageHistory[]; readonly found: number }> {
  const { id, alert, source, key, group, states, since, until } = selection;
  const search = { id, alert, source, group, since, until: until === undefined ? undefined : until + 1 };
  const found: Pick<FoundMessage, 'id' | 'accepted'>[] = [];
  // Each state but delivered has an index of its own.
  for (const state of states ?? [undefined]) {
    for await (const message of index.messages({ ...search, state, key: key?.slice(-KEY_END) })) {
      if (message.key === undefined || !hasTexts(selection, message)) continue;
      found.push({ id: message.id, accepted: message.accepted });
    }
  }
  found.reverse().sort((a, b) => a.accepted - b.accepted);
  const messages: MessageHistory[] = [];
  for (const { id: one } of found.slice(-limit)) {
    const known = await index.message(one);
    if (known !== undefined) messages.push(messageIn(known));
  }
  return { messages, found: found.length };
}
