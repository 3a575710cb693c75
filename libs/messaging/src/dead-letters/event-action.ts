import { EVENT_ACTIONS, isJsonObject } from '@pdaltagent/events';
import { type AddressedMessage } from '../message';

/**
 * What a message does to its alert: `trigger`, `acknowledge`, `resolve`, `change`; the event of a webhook; `?` if only
 * the destination or a newer version knows: the rules of an orchestration (`x-ere`) may map any other action. Parses the
 * body of a message that does not state its action, such as one of an older gateway.
 */
export function actionOf({ action, type, body }: Pick<AddressedMessage, 'action' | 'type' | 'body'>): string {
  if (action !== undefined) return action;
  switch (type) {
    case 'webhook':
      return webhookEventOf(body);
    case 'change':
    case 'integration-change':
      return 'change';
    case 'integration':
    case 'adapter':
    case 'nagios':
      return '?';
    case 'v1':
    case 'v2':
    case 'x-ere': {
      const text = memberOf(body, type === 'v1' ? 'event_type' : 'event_action');
      const name = typeof text === 'string' ? text.trim().toLowerCase() : undefined;
      return EVENT_ACTIONS.find((action) => action === name) ?? '?';
    }
    default:
      return '?';
  }
}

/** v3 bodies: `event.event_type`; v2 bodies: `messages[0].event`. */
function webhookEventOf(body: Buffer): string {
  const event = memberOf(body, 'event');
  if (isJsonObject(event) && typeof event.event_type === 'string') return event.event_type;
  const messages = memberOf(body, 'messages');
  const first: unknown = Array.isArray(messages) ? messages[0] : undefined;
  return isJsonObject(first) && typeof first.event === 'string' ? first.event : '?';
}

function memberOf(body: Buffer, name: string): unknown {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return isJsonObject(value) ? value[name] : undefined;
  } catch {
    return undefined;
  }
}
