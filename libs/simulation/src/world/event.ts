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

/** @param attempt how often its sender has sent it: each time it is another message */
export function messageOf(event: SimulatedEvent, attempt: number, receivedAt: number): OutgoingMessage {
  const { routingKey, alert, index, poison } = event;
  const padding = poison === 'too large' ? 'x'.repeat(MAX_MESSAGE_BYTES) : '';
  return {
    id: `${alert}/${index}/${attempt}`,
    type: 'v2',
    routingKey,
    orderKey: `${routingKey}:${alert}`,
    body: Buffer.from(JSON.stringify({ ...event, padding })),
    contentType: 'application/json',
    receivedAt,
    ...(poison === 'unencodable' ? { query: 'x'.repeat(200_000) } : {}),
  };
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

/** Identifies the event, whichever message bore it. */
export function nameOf({ alert, index }: Pick<SimulatedEvent, 'alert' | 'index'>): string {
  return `${alert}/${index}`;
}

/** The event of a message id. */
export function nameOfMessage(id: string): string {
  return id.split('/').slice(0, 2).join('/');
}
