import { actionOf, type AddressedMessage } from '@pdaltagent/messaging';
import { maskKey } from '@pdaltagent/service';

/** What an operator wants to know of a message, read from its body and its order key. */
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
