import { alertOf, type OutgoingMessage } from '@pdaltagent/messaging';
import { type JournalText, maskKey, type NameDigest } from '@pdaltagent/service';
import { type FactGroup, type MessageReference } from './fact';
import { withoutRoutingKey } from './routing-key';

/** What stands for a routing key, or a destination of webhooks. */
export interface ShownKey {
  readonly group: FactGroup;
  /** `…d1a6`; for a webhook, the name of its destination. */
  readonly key: string;
  readonly digest?: string;
}

/** What a fact says about its message, except for its kind. */
type Referenced = Pick<
  OutgoingMessage,
  'id' | 'type' | 'routingKey' | 'orderKey' | 'action' | 'receivedAt' | 'originalReceivedAt'
>;

type Draft = { -readonly [Name in keyof MessageReference]: MessageReference[Name] };

/** Routing keys whose digests are kept: each takes about 200 bytes, and computing one longer than the rest of a fact. */
const MAXIMUM_KEYS = 4_096;

/** Names messages and routing keys in facts. */
export class MessageReferences {
  readonly #digest: NameDigest;
  readonly #hasAlerts: boolean;
  readonly #keys = new Map<string, ShownKey>();

  /** @param text `none`: dedup keys are left out */
  constructor(digest: NameDigest, text: JournalText) {
    this.#digest = digest;
    this.#hasAlerts = text !== 'none';
  }

  /** A new object for each message: a fact may add to it. */
  of(message: Referenced): MessageReference {
    const { id, type, routingKey, action, receivedAt, originalReceivedAt = receivedAt } = message;
    const { group, key, digest } = this.keyOf(type === 'webhook' ? 'webhooks' : 'events', routingKey);
    const reference: Draft = { group, id, type, key, accepted: originalReceivedAt };
    if (digest !== undefined) reference.digest = digest;
    if (action !== undefined) reference.action = action;
    const alert = this.#hasAlerts ? alertOf(message) : undefined;
    // The name of a destination is no secret.
    if (alert !== undefined) reference.alert = type === 'webhook' ? alert : withoutRoutingKey(alert, routingKey);
    return reference;
  }

  /** @param name the routing key, or the name of a destination */
  keyOf(group: FactGroup, name: string): ShownKey {
    if (group === 'webhooks') return { group, key: name };
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const shown = { group, key: maskKey(name), digest: this.#digest(name) };
    const [oldest] = this.#keys.size < MAXIMUM_KEYS ? [] : this.#keys.keys();
    if (oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.set(name, shown);
    return shown;
  }
}
