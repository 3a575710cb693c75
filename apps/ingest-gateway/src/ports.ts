import { type EventType } from '@pdaltagent/events';
import { type OutgoingMessage } from '@pdaltagent/messaging';

/** Where accepted events become durable. */
export interface EventSink {
  /** Resolves only once the event cannot be lost any more. @throws NotDurableError */
  publish(message: OutgoingMessage): Promise<void>;
}

/** A body, with its event type and content type. */
export interface ScrubbableEvent {
  readonly type: EventType;
  readonly body: Buffer;
  readonly contentType: string;
}

/** Replaces personal data in an event. Data without any is returned byte for byte. */
export interface Scrub {
  body(event: ScrubbableEvent): Buffer;
  /** @param query without its question mark */
  query(query: string): string;
  header(name: string, value: string): string;
}
