import { type EventType } from '@pdaltagent/events';
import { type OutgoingMessage } from '@pdaltagent/messaging';

/** Where accepted events become durable. `publish` resolves only once an event cannot be lost any more. */
export interface EventSink {
  /** @throws PublishError where the event is not durable */
  publish(message: OutgoingMessage): Promise<void>;
  state(): 'connected' | 'blocked' | 'away';
}

/** A body and what it is. */
export interface ScrubbableEvent {
  readonly type: EventType;
  readonly body: Buffer;
  readonly contentType: string;
}

/** Takes personal data out of an event. Gives back the same bytes where there is none. */
export type Scrub = (event: ScrubbableEvent) => Buffer;
