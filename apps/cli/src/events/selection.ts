import {
  type FactGroup,
  isMessageFact,
  type MessageHistory,
  type MessageState,
  type PlacedFact,
} from '@pdaltagent/journal';

/** Which messages are to be listed. Times are milliseconds since 1970. */
export interface Selection {
  /** Each must occur in summary, source or alert, in any case. */
  readonly words: readonly string[];
  readonly id?: string | undefined;
  readonly alert?: string | undefined;
  readonly source?: string | undefined;
  /** The end of a routing key; for webhooks, a destination. */
  readonly key?: string | undefined;
  readonly group?: FactGroup | undefined;
  readonly states?: ReadonlySet<MessageState> | undefined;
  /** When it was accepted. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** Whether a message may match once all its facts are known: what every fact repeats must match already. */
export function mayMatch({ id, group, key, alert, since, until }: Selection, { fact }: PlacedFact): boolean {
  if (!isMessageFact(fact)) return false;
  if ((id !== undefined && fact.id !== id) || (group !== undefined && fact.group !== group)) return false;
  if (!('accepted' in fact)) return true;
  const { accepted } = fact;
  if (accepted < (since ?? -Infinity) || accepted > (until ?? Infinity)) return false;
  return (key === undefined || endsWith(fact.key, key)) && (alert === undefined || fact.alert === alert);
}

type Texts = Partial<Pick<MessageHistory, 'key' | 'alert' | 'source' | 'summary'>>;

/** Whether its texts match, of a message all of whose facts may match. */
export function hasTexts({ words, source, key, alert }: Selection, message: Texts): boolean {
  if (source !== undefined && message.source !== source) return false;
  if (alert !== undefined && message.alert !== alert) return false;
  if (key !== undefined && !endsWith(message.key ?? '', key)) return false;
  if (words.length === 0) return true;
  const text = [message.summary, message.source, message.alert].join('\n').toLowerCase();
  return words.every((word) => text.includes(word.toLowerCase()));
}

/** `…d1a6` ends with `d1a6`, and with a whole key that ends so. */
export function endsWith(key: string, end: string): boolean {
  const shown = key.replace(/^…/, '');
  return shown.endsWith(end) || (key.startsWith('…') && shown.length > 0 && end.endsWith(shown));
}
