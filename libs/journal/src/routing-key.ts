import { maskKey } from '@pdaltagent/service';

/**
 * A text of an event with its routing key masked, as `…d1a6`: senders build dedup keys and summaries with it. To be called before the
 * text is cut: the beginning of a key would not be found.
 */
export function withoutRoutingKey(text: string, routingKey: string): string {
  if (routingKey === '' || !text.includes(routingKey)) return text;
  return text.replaceAll(routingKey, () => maskKey(routingKey));
}
