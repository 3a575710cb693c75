import { FRAMING_HEADERS } from '@pdaltagent/delivery';

/** A header name. Source: RFC 9110, 5.6.2 (token). */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** Characters that a header value may not contain. Source: RFC 9110, 5.5; Node refuses to send them. */
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/g;

/** A worker accepts no compressed responses, whatever the sender of the event accepted. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([...FRAMING_HEADERS, 'accept-encoding']);

/** A table with this member is no table for amqplib, but a value of the type that the member names. */
const MARKER = '!';

const NOTHING: Readonly<Record<string, string>> = Object.freeze({});

/** The headers of a message that may be forwarded. All others are dropped, because the body is what matters. */
export function forwardedHeadersOf(table: unknown): Readonly<Record<string, string>> {
  if (typeof table !== 'object' || table === null) return NOTHING;
  return Object.fromEntries(
    Object.entries(table)
      .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && mayBeForwarded(entry[0]))
      .map(([name, value]) => [name, headerValueOf(value)]),
  );
}

/** The text without the characters that a header value may not contain. */
export function headerValueOf(text: string): string {
  return text.replace(NOT_IN_A_VALUE, '').trim();
}

function mayBeForwarded(name: string): boolean {
  const lower = name.toLowerCase();
  return NAME.test(name) && name !== MARKER && !NOT_FORWARDED.has(lower) && !lower.startsWith('proxy-');
}
