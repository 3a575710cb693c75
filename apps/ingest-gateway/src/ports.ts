import { type EventType } from '@pdaltagent/events';
import { type OutgoingMessage } from '@pdaltagent/messaging';
import { type Refused } from './refusal';

/** Where accepted events become durable. */
export interface EventSink {
  /**
   * Resolves only once the event cannot be lost any more.
   * @param sender whose share of the spool it uses
   * @throws NotDurableError
   */
  publish(message: OutgoingMessage, sender: string): Promise<void>;
}

/** The parts of a request that are stored and may contain personal data. */
export interface ScrubbedParts {
  readonly body: Buffer;
  /** Without its question mark. */
  readonly query: string | undefined;
  readonly forward: Readonly<Record<string, string>> | undefined;
}

/** The same before they are scrubbed, with what says how to read the body. */
export interface ScrubbableParts extends ScrubbedParts {
  readonly type: EventType;
  readonly contentType: string;
}

/** Replaces personal data in requests. A part without any is returned byte for byte. */
export interface Scrub {
  /** Undefined if that would delay other requests: `later` does it then. */
  now(parts: ScrubbableParts): ScrubbedParts | undefined;
  /** @param sender whose share of the waiting parts it uses */
  later(parts: ScrubbableParts, sender: string): Promise<ScrubbedParts | Refused>;
}
