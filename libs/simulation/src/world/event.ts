import { type OutgoingMessage } from '@pdaltagent/messaging';

export type Action = 'trigger' | 'acknowledge' | 'resolve';

/** An event of a sender, as it is in the body of its message. */
export interface SimulatedEvent {
  readonly routingKey: string;
  readonly alert: string;
  /** The position among the events of its alert. */
  readonly index: number;
  readonly action: Action;
  /** Why it cannot be delivered. */
  readonly poison?: 'rejected' | 'too large' | 'unencodable' | undefined;
}

/** Bytes; the simulated broker refuses a larger message. */
export const MAX_MESSAGE_BYTES = 8_192;

/** Some events are as large as the broker accepts: the size of what else is in a body is less than this. */
const LARGE_BYTES = MAX_MESSAGE_BYTES - 300;
/** One event in 16 is large. */
const LARGE_EVERY = 16;
const LARGE_PADDING = flat('x'.repeat(LARGE_BYTES));
const TOO_LARGE_PADDING = flat('x'.repeat(MAX_MESSAGE_BYTES));
/** Longer than a header of AMQP may be. */
const UNENCODABLE_QUERY = flat('x'.repeat(200_000));

/** @param attempt how often its sender has sent it: each time it is another message @param body its own */
export function messageOf(
  event: SimulatedEvent,
  attempt: number,
  receivedAt: number,
  body = bodyOf(event),
): OutgoingMessage {
  const { routingKey, alert, poison } = event;
  return {
    id: idOf(event, attempt),
    type: 'v2',
    routingKey,
    orderKey: `${routingKey}:${alert}`,
    body,
    contentType: 'application/json',
    receivedAt,
    ...(poison === 'unencodable' ? { query: UNENCODABLE_QUERY } : {}),
  };
}

export function bodyOf(event: SimulatedEvent): Buffer {
  const isLarge = event.index % LARGE_EVERY === LARGE_EVERY - 1;
  const padding = event.poison === 'too large' ? TOO_LARGE_PADDING : isLarge ? LARGE_PADDING : '';
  const { routingKey, alert, index, action, poison } = event;
  return Buffer.from(JSON.stringify({ routingKey, alert, index, action, poison, padding }));
}

/** Otherwise V8 keeps it as a tree of its parts, and flattens that with each use. */
function flat(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** @throws Error if the body is not one of a sender */
export function eventOf(body: Buffer): SimulatedEvent {
  const value: unknown = JSON.parse(body.toString());
  if (!isEvent(value)) throw new Error('not the body of a simulated event');
  return value;
}

function isEvent(value: unknown): value is SimulatedEvent {
  return typeof value === 'object' && value !== null && 'alert' in value && 'index' in value && 'action' in value;
}

/** The id of the message with which an event is sent. @param attempt how often it has been sent before */
export function idOf({ alert, index }: SimulatedEvent, attempt: number): string {
  return `${alert}/${index}/${attempt}`;
}
