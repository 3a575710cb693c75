import { type EventType, isJsonObject } from '@pdaltagent/events';
import { type Letter } from '@pdaltagent/messaging';
import { maskKey } from '@pdaltagent/service';

/** What an operator wants to know of a dead letter, read from its body and its order key. */
export interface Description {
  /** `trigger`, `acknowledge`, `resolve`, `change`; a webhook's event; `?` where only PagerDuty can tell. */
  readonly action: string;
  /** The dedup key; of a webhook the incident; `?` where it cannot be told. */
  readonly alert: string;
  /** PagerDuty's routing key as `…d1a6`; of a webhook the name of its destination, which is no secret. */
  readonly key: string;
  /** It opens an alert, or may: of a vendor's body only PagerDuty can tell. */
  readonly mayTrigger: boolean;
}

export function descriptionOf({ message, body }: Letter): Description {
  if (message === undefined) return { action: '?', alert: '?', key: '-', mayTrigger: false };
  const { type, routingKey, orderKey, id } = message;
  const alert = orderKey.startsWith(`${routingKey}:`) ? orderKey.slice(routingKey.length + 1) : '?';
  if (type === 'webhook') return { action: webhookEventOf(body), alert, key: routingKey, mayTrigger: false };
  const action = actionOf(type, body);
  return {
    action,
    alert: orderKey === id ? '-' : alert,
    key: maskKey(routingKey),
    mayTrigger: action === 'trigger' || action === '?',
  };
}

function actionOf(type: EventType, body: Buffer): string {
  if (type === 'change' || type === 'integration-change') return 'change';
  if (type === 'integration') return '?';
  const action = memberOf(body, type === 'v1' ? 'event_type' : 'event_action');
  return typeof action === 'string' ? action.trim().toLowerCase() : '?';
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
