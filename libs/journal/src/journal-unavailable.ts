import { ACCESS_REFUSED, accessRefusalIn, hasReplyCode, JOURNAL } from '@pdaltagent/messaging';

/** AMQP 0-9-1, "reply codes". */
const NOT_FOUND = 404;

export type Unavailability = 'missing' | 'refused' | 'unreachable';

/** Why the journal cannot be read, in words for an operator. */
export class JournalUnavailable extends Error {
  override readonly name = 'JournalUnavailable';

  constructor(
    readonly reason: Unavailability,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What an error of the broker, or of the connection to it, means for who reads the journal. */
export function unavailable(cause: unknown): JournalUnavailable {
  if (cause instanceof JournalUnavailable) return cause;
  const message = cause instanceof Error ? textOf(cause) : String(cause);
  const refusal = accessRefusalIn(cause);
  if (refusal !== undefined) return new JournalUnavailable('refused', refusal.message, { cause });
  if (hasReplyCode(cause, NOT_FOUND))
    return new JournalUnavailable(
      'missing',
      `RabbitMQ has no stream '${JOURNAL}' yet: services declare it when they start, or \`pdaltagent setup\` does`,
      { cause },
    );
  if (hasReplyCode(cause, ACCESS_REFUSED)) return new JournalUnavailable('refused', message, { cause });
  return new JournalUnavailable('unreachable', `the journal cannot be read from RabbitMQ: ${message}`, { cause });
}

/** Of several addresses, the first one's. */
function textOf(error: Error): string {
  const first: unknown = error instanceof AggregateError && error.message === '' ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
