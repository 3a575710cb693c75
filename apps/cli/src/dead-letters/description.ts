import { actionOf, type AddressedMessage } from '@pdaltagent/messaging';
import { maskKey } from '@pdaltagent/service';

/** What an operator needs to know about a message, read from its body and its order key. */
export interface Description {
  /** `trigger`, `acknowledge`, `resolve`, `change`; a webhook's event; `?` if only PagerDuty can read it. */
  readonly action: string;
  /** The dedup key; for a webhook, the incident; `?` if it cannot be read. */
  readonly alert: string;
  /** The routing key as `…d1a6`; for a webhook, the name of its destination, which is not secret. */
  readonly key: string;
  /** Whether it opens an alert, or may: only PagerDuty can read a vendor's body. */
  readonly mayTrigger: boolean;
}

type Described = Pick<AddressedMessage, 'id' | 'type' | 'routingKey' | 'orderKey' | 'body'>;

export function descriptionOf({ message }: { readonly message: Described | undefined }): Description {
  if (message === undefined) return { action: '?', alert: '?', key: '-', mayTrigger: false };
  const { type, routingKey, orderKey, id } = message;
  const alert = orderKey.startsWith(`${routingKey}:`) ? orderKey.slice(routingKey.length + 1) : '?';
  const action = actionOf(message);
  if (type === 'webhook') return { action, alert, key: routingKey, mayTrigger: false };
  return {
    action,
    alert: orderKey === id ? '-' : alert,
    key: maskKey(routingKey),
    mayTrigger: action === 'trigger' || action === '?',
  };
}
