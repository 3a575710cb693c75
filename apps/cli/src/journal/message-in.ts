import { type MessageWithFacts } from '@pdaltagent/history';
import { isMessageFact, MessageHistory } from '@pdaltagent/journal';

/** A message of the index, as the stream would tell it. */
export function messageIn({ message, facts }: MessageWithFacts): MessageHistory {
  const history = new MessageHistory(message);
  for (const { fact } of facts) if (isMessageFact(fact)) history.add(fact);
  if (message.isErased) history.erase();
  return history;
}
