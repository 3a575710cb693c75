import { type EventType } from '@pdaltagent/events';
import { type OutgoingMessage } from '@pdaltagent/messaging';

const EXPLANATIONS = {
  full: 'the broker does not accept events and the spool is full',
  failing: 'the broker does not accept events and the spool cannot be written',
  closed: 'the gateway is stopping',
};

/** An event could not be stored durably: its sender must send it again. */
export class NotDurableError extends Error {
  constructor(readonly reason: keyof typeof EXPLANATIONS) {
    super(EXPLANATIONS[reason]);
    this.name = 'NotDurableError';
  }
}

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
